import type { CostedField, CostedOperation } from './CostedOperation.js';
import { MAX_COST, most, onlyIf, sum, times, type Term, type Variables } from './terms.js';

/** The cost of an operation before it is run, by its (coerced) variables. */
export type EstimateCost = (variables: Variables) => number;

/**
 * An upper bound of what answers can come to, as long as lists are no longer than @listSize and the default say
 * (https://ibm.github.io/graphql-specs/cost-spec.html, 5.1.1). Of an abstract type the dearest possible type counts. What does not depend
 * on the variables is worked out here, so that a call costs a few additions.
 */
export function compileEstimate({ base, root, selections }: CostedOperation): EstimateCost {
  const slots: ((variables: Variables, slots: Float64Array) => number)[] = [];
  const terms: Term[] = [];
  for (const { index, types } of selections) {
    const term = most(types.map(({ fields }) => sum(fields.map((field) => fieldCost(field, terms)))));
    if (typeof term === 'number') {
      terms[index] = term;
      continue;
    }
    // It may stand in many places, and is worked out once.
    const slot = slots.push(term) - 1;
    terms[index] = (_, values) => values[slot]!;
  }
  const total = terms[root.index]!;
  if (typeof total === 'number') return () => Math.min(base + total, MAX_COST);
  // Estimating is synchronous, so one is enough.
  const values = new Float64Array(slots.length);
  return (variables) => {
    for (let slot = 0; slot < slots.length; slot++) values[slot] = slots[slot]!(variables, values);
    return Math.min(base + total(variables, values), MAX_COST);
  };
}

function fieldCost({ isThere, weight, argumentsCost, count, selection }: CostedField, terms: readonly Term[]): Term {
  const each = weight ?? Math.max(0, ...(selection?.types ?? []).map((type) => type.weight));
  const own = most([sum([times(count, each), argumentsCost])]);
  const below = selection ? times(count, terms[selection.index]!) : 0;
  return onlyIf(isThere, sum([own, below]));
}
