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

const bug = (name: string, file: string, find: string, replace: string, ...caughtBy: string[]): Bug => ({
  name,
  file: `gateway/execution/${file}.ts`,
  find,
  replace,
  caughtBy,
});

export const BUGS: readonly Bug[] = [
  // Keys and representations.
  bug(
    'only the first key field tells entities apart',
    'compileRepresentation',
    'names.map((name) =>',
    'names.slice(0, 1).map((name) =>',
    'compound keys',
  ),
  bug('all entities of one key are one', 'toAsked', 'comparison.isSame(known.target, target)', 'true', 'compound keys'),
  bug(
    'equal texts are asked for again, and counted wrongly',
    'toAsked',
    'slot = texts.push(text) - 1;',
    'slot = texts.push(text);',
    'several keys',
  ),
  bug(
    'what is required of one type is required of all',
    'compileRepresentation',
    'isPossible(typeName, selection.typeCondition)',
    'true',
    '@requires of abstract types',
    'abstract types and fragments',
  ),
  bug(
    'the type of an interface object is not rewritten',
    'rewrites',
    'value[step] = rewrite.setValueTo;',
    'void rewrite.setValueTo;',
    '@interfaceObject',
  ),
  // Merging.
  bug(
    'entities go to the targets in order',
    'fetchEntities',
    'const entity = own[slots[index]!];',
    'const entity = own[index];',
    'several keys',
  ),
  bug(
    'an object of two subgraphs is only that of the last',
    'compileMerge',
    'if (inner && place.below.get(name)!.isContested)',
    'if (inner === undefined)',
    '@shareable',
  ),
  bug(
    'lists are merged in reverse',
    'Target',
    'value.forEach((item: unknown, index) => (present[index] =',
    'value.toReversed().forEach((item: unknown, index) => (present[index] =',
    '@shareable',
    '@provides',
  ),
  bug('an interface is taken for the type', 'compileMerge', '||isInterface(String(${present}))', '', '@interfaceObject'),
  // Steps.
  bug(
    'steps do not wait for one another',
    'orderFetches',
    'orBefore(add(each, path, guards, before), before)',
    'orBefore(add(each, path, guards, after), before)',
    'several keys',
  ),
  bug(
    'a condition is taken for its opposite',
    'compileSteps',
    'Boolean(variables[variable]) === held',
    'Boolean(variables[variable]) !== held',
    '@skip and @include',
  ),
  bug(
    'variables that are null or left out are sent alike',
    'sendFetch',
    'if (run.variables[name] !== undefined) used[name] = run.variables[name];',
    'used[name] = run.variables[name] ?? null;',
    'enums and inputs that intersect',
    '@tag',
    '@cost',
  ),
  // Contexts.
  bug(
    'contexts are not told apart',
    'runFetch',
    'const key = canonicalJson(variables);',
    "const key = Object.keys(variables).join(' ');",
    '@context',
  ),
  bug(
    'a context is looked for one object too far out',
    'runFetch',
    'let from: Target | undefined = target;',
    'let from: Target | undefined = target.parent;',
    '@context',
  ),
  // Printing.
  bug(
    'a null stands where none may',
    'compilePrinter',
    "nullable ? `a[n++]='null'` : 'throw ODD'",
    "`a[n++]='null'`",
    'null propagation',
  ),
  bug(
    'other conditions are answered like the first',
    'compilePrinter',
    "conditions.map((name) => (coerced[name] === true ? '1' : '0')).join('')",
    "''",
    '@skip and @include',
  ),
  bug(
    'a null item does not make its list null',
    'shapeResponse',
    'return items.includes(INVALID) ? INVALID : items;',
    'return items.map((item) => (item === INVALID ? null : item));',
    'null propagation',
  ),
  // Errors.
  bug(
    'an error is told of at the first entity',
    'entityErrors',
    "typeof slot === 'number' ? places[slot] : undefined;",
    "typeof slot === 'number' ? places[0] : undefined;",
    'fields that fail',
    'null propagation',
  ),
  bug(
    'an error is told of in the words of the fetch',
    'answerPaths',
    'visible.push(names[used++]!);',
    'used++, visible.push(step);',
    'fields that fail',
    'null propagation',
  ),
  bug(
    'an error is told of everywhere',
    'reportErrors',
    'path?.length ? place(path) : everywhere()',
    'everywhere()',
    'fields that fail',
  ),
];
