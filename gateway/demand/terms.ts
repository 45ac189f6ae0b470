/** Larger costs are told as this one: every number up to it is exact, and a limit is never so high. */
export const MAX_COST = Number.MAX_SAFE_INTEGER;

/** A part of a cost: known when the operation is, or worked out from its variables. */
export type Term = number | ((variables: Variables, slots: Float64Array) => number);
/** As the operation's types make them, defaults applied. */
export type Variables = Readonly<Record<string, unknown>>;

export function sum(terms: readonly Term[]): Term {
  return fold(terms, (a, b) => a + b);
}

/** Never below zero. */
export function most(terms: readonly Term[]): Term {
  return fold(terms, Math.max);
}

/** Neither is below zero. What is beyond MAX_COST is that: a product without end, and no list around it, would be no number at all. */
export function times(a: Term, b: Term): Term {
  if (typeof a === 'number' && typeof b === 'number') return Math.min(a * b, MAX_COST);
  if (a === 0 || b === 0) return 0;
  if (a === 1) return b;
  if (b === 1) return a;
  return (variables, slots) => Math.min(valueOf(a, variables, slots) * valueOf(b, variables, slots), MAX_COST);
}

export function onlyIf(holds: ((variables: Variables) => boolean) | null, term: Term): Term {
  if (holds === null || term === 0) return term;
  return (variables, slots) => (holds(variables) ? valueOf(term, variables, slots) : 0);
}

export function valueOf(term: Term, variables: Variables, slots: Float64Array): number {
  return typeof term === 'number' ? term : term(variables, slots);
}

/** What is known is put together at once, so that only the rest is done for each request. */
function fold(terms: readonly Term[], join: (a: number, b: number) => number): Term {
  let known = 0;
  const open: Exclude<Term, number>[] = [];
  for (const term of terms) {
    if (typeof term === 'number') known = join(known, term);
    else open.push(term);
  }
  if (open.length === 0) return known;
  return (variables, slots) => {
    let result = known;
    for (const term of open) result = join(result, term(variables, slots));
    return result;
  };
}
