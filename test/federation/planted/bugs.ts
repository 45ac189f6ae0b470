/** A bug as it could have been written: one place of one file, said otherwise. */
export interface Bug {
  readonly name: string;
  /** From the root of the repository. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** Profiles that find it, the likeliest first. */
  readonly caughtBy: readonly string[];
}

export const BUGS: readonly Bug[] = [
  {
    name: 'entities-are-deduplicated-by-type-alone',
    file: 'gateway/execution/executeFetch.ts',
    find: 'const key = canonicalJson(representation);',
    replace: "const key = String(representation['__typename']);",
    caughtBy: ['several keys'],
  },
  {
    name: 'null-of-a-non-null-field-stays',
    file: 'gateway/execution/shapeResponse.ts',
    find: 'return items.includes(INVALID) ? INVALID : items;',
    replace: 'return items.map((item) => (item === INVALID ? null : item));',
    caughtBy: ['null propagation'],
  },
  {
    name: 'contexts-are-not-told-apart',
    file: 'gateway/execution/executeFetch.ts',
    find: 'const key = canonicalJson(variables);',
    replace: "const key = Object.keys(variables).join(' ');",
    caughtBy: ['@context'],
  },
  {
    name: 'mutations-run-at-once',
    file: 'gateway/execution/executePlan.ts',
    find: 'for (const step of node.nodes) await executePlan(step, targets, execution);',
    replace: 'await Promise.all(node.nodes.toReversed().map((step) => executePlan(step, targets, execution)));',
    caughtBy: ['mutations in order'],
  },
];
