import { Kind, parse, print, validate, visit, type ASTNode, type DocumentNode } from 'graphql';
import { buildGraph, type BuiltGraph } from './buildCase.js';
import { isRecord, type Data, type FederationCase } from './FederationCase.js';
import { findDifference } from './findDifference.js';
import { readGraph } from './readGraph.js';
import type { Ours, StartOurs } from './runOurs.js';

/** Some operations take the planner seconds, and every reduction plans. */
const MAX_TRIES = 1_500;
const MAX_MS = 60_000;

/**
 * A smaller case with a difference of the same kind: less is asked, of fewer and smaller subgraphs with less data. The smallest so far
 * when there were too many tries or they took too long.
 */
export async function reduceCase(found: FederationCase, startOurs: StartOurs): Promise<FederationCase> {
  const until = performance.now() + MAX_MS;
  const kindOf = kindOfDifference(startOurs);
  const kind = await kindOf(found);
  let smallest = found;
  let tries = 0;
  const isOver = (): boolean => tries >= MAX_TRIES || performance.now() > until;
  const take = async (candidate: FederationCase): Promise<boolean> => {
    tries++;
    if (isOver() || (await kindOf(candidate)) !== kind) return false;
    smallest = candidate;
    return true;
  };
  for (let before = ''; before !== JSON.stringify(smallest) && !isOver();) {
    before = JSON.stringify(smallest);
    for (const name of smallest.down ?? []) await take({ ...smallest, down: smallest.down!.filter((each) => each !== name) });
    await take({ ...smallest, operation: withoutNamedFragments(smallest.operation) });
    await removeEach(
      () => parse(smallest.operation, { noLocation: true }),
      (document) => take(withOperation(smallest, document)),
    );
    for (const name of Object.keys(smallest.subgraphs)) {
      const { [name]: _, ...others } = smallest.subgraphs;
      if (await take({ ...smallest, subgraphs: others })) continue;
      await removeEach(
        () => parse(smallest.subgraphs[name]!, { noLocation: true }),
        (document) => take({ ...smallest, subgraphs: { ...smallest.subgraphs, [name]: print(document) } }),
      );
    }
    await take({ ...smallest, data: onlyWhatIsDefined(smallest) });
    await reduceData(() => smallest, take);
  }
  return smallest;
}

/** Of a case; undefined: it is none, or has no difference. Most reductions are of the operation, so the graph before is kept. */
function kindOfDifference(startOurs: StartOurs): (candidate: FederationCase) => Promise<string | undefined> {
  let last: Pick<FederationCase, 'subgraphs' | 'data'> | undefined;
  let started: { readonly built: BuiltGraph; readonly ours: Ours } | undefined;
  const start = (candidate: FederationCase): void => {
    if (candidate.subgraphs === last?.subgraphs && candidate.data === last.data) return;
    last = candidate;
    started = undefined;
    if (!isConsistent(candidate)) return;
    const built = buildGraph(candidate);
    if (!('problems' in built)) started = { built, ours: startOurs(built) };
  };
  return async (candidate) => {
    try {
      start(candidate);
      if (!started || validate(started.built.apiSchema, parse(candidate.operation)).length > 0) return undefined;
      const difference = await findDifference(started.built, started.ours, candidate);
      return difference?.what.split(' ').slice(0, 2).join(' ');
    } catch {
      return undefined;
    }
  };
}

/** Every reference leads to an object that the subgraph which answers with it may answer with, and whose key is there. */
function isConsistent({ subgraphs, data }: FederationCase): boolean {
  const graph = readGraph(subgraphs);
  const refs = (value: unknown): string[] => {
    if (Array.isArray(value)) return value.flatMap(refs);
    return isRecord(value) && typeof value['$ref'] === 'string' ? [value['$ref']] : [];
  };
  return Object.values(data).every((object) =>
    Object.entries(object).every(([field, value]) =>
      refs(value).every((key) =>
        graph.fieldsOf(object.__typename, field).every(({ subgraph, typeName, isExternal }) => {
          const types = graph.subgraphs.get(subgraph)!;
          const target = data[key];
          if (!target || isExternal) return target !== undefined;
          const type = types.get(typeName);
          if (type?.members.length) return type.members.includes(target.__typename);
          if (type?.isAbstract) return types.get(target.__typename)?.interfaces.includes(typeName) ?? false;
          return type !== undefined;
        }),
      ),
    ),
  );
}

/** Tries to leave out every part of a document, the larger ones first. */
async function removeEach(read: () => DocumentNode, take: (document: DocumentNode) => Promise<boolean>): Promise<void> {
  for (let index = 0; ;) {
    const smaller = without(read(), index);
    if (smaller === null) return;
    if (smaller === KEEP || !(await take(smaller))) index++;
  }
}

const KEEP = Symbol('not to be left out');
const LISTS = [
  'definitions',
  'fields',
  'selections',
  'directives',
  'arguments',
  'types',
  'interfaces',
  'values',
  'variableDefinitions',
];

/** The document without the part of that number, counted level by level; null: there are not so many parts. */
function without(document: DocumentNode, index: number): DocumentNode | typeof KEEP | null {
  const copy = structuredClone(document) as DocumentNode;
  const level: ASTNode[] = [copy];
  let count = 0;
  for (let node = level.shift(); node; node = level.shift()) {
    const lists = node as unknown as Record<string, unknown>;
    for (const name of LISTS) {
      const parts = lists[name];
      if (!Array.isArray(parts)) continue;
      if (index < count + parts.length) {
        const [part] = parts.splice(index - count, 1) as [ASTNode];
        return isNeeded(part, node) ? KEEP : copy;
      }
      count += parts.length;
    }
    for (const value of Object.values(lists))
      for (const each of Array.isArray(value) ? (value as unknown[]) : [value])
        if (isRecord(each) && typeof each['kind'] === 'string') level.push(each as unknown as ASTNode);
  }
  return null;
}

/** Without these the SDL would say something else, not less. */
function isNeeded(part: ASTNode, within: ASTNode): boolean {
  if (part.kind === Kind.SCHEMA_EXTENSION || within.kind === Kind.SCHEMA_EXTENSION || within.kind === Kind.DIRECTIVE) return true;
  return part.kind === Kind.DIRECTIVE && ['link', 'external'].includes(part.name.value);
}

function withOperation(whole: FederationCase, document: DocumentNode): FederationCase {
  const used = new Set<string>();
  visit(document, { FragmentSpread: ({ name }) => void used.add(name.value) });
  const kept = visit(document, {
    FragmentDefinition: (node) => (used.has(node.name.value) ? undefined : null),
    Field: (node) => (node.selectionSet?.selections.length === 0 ? null : undefined),
  });
  const variables = new Set<string>();
  visit(kept, {
    VariableDefinition: () => false,
    Variable: ({ name }) => void variables.add(name.value),
  });
  const declared = visit(kept, {
    VariableDefinition: ({ variable }) => (variables.has(variable.name.value) ? undefined : null),
  });
  return {
    ...whole,
    operation: print(declared),
    variables: Object.fromEntries(Object.entries(whole.variables ?? {}).filter(([name]) => variables.has(name))),
  };
}

function withoutNamedFragments(operation: string): string {
  const document = parse(operation, { noLocation: true });
  const fragments = new Map(
    document.definitions.flatMap((each) => (each.kind === Kind.FRAGMENT_DEFINITION ? [[each.name.value, each] as const] : [])),
  );
  const spread = visit(document, {
    FragmentSpread: ({ name, directives }) => {
      const { typeCondition, selectionSet } = fragments.get(name.value)!;
      return { kind: Kind.INLINE_FRAGMENT, typeCondition, selectionSet, directives };
    },
  });
  return print({ ...spread, definitions: spread.definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION) });
}

function onlyWhatIsDefined({ subgraphs, data }: FederationCase): Data {
  const graph = readGraph(subgraphs);
  const isDefined = (typeName: string, field: string): boolean =>
    field === '__typename' || field === '$missing' || graph.fieldsOf(typeName, field).length > 0;
  const left = Object.entries(data).map(
    ([key, object]) =>
      [key, Object.fromEntries(Object.entries(object).filter(([field]) => isDefined(object.__typename, field)))] as const,
  );
  const text = JSON.stringify(left);
  return Object.fromEntries(left.filter(([key]) => !key.includes(':') || text.includes(`{"$ref":"${key}"}`))) as Data;
}

/** Shorter lists, and nulls where null is nothing special. */
async function reduceData(read: () => FederationCase, take: (candidate: FederationCase) => Promise<boolean>): Promise<void> {
  for (const key of Object.keys(read().data)) {
    for (const field of Object.keys(read().data[key] ?? {})) {
      const object = read().data[key];
      const value = object?.[field];
      if (!object || field.startsWith('$') || field === '__typename') continue;
      const put = (smaller: unknown): Promise<boolean> =>
        take({ ...read(), data: { ...read().data, [key]: { ...object, [field]: smaller } } });
      if (Array.isArray(value)) for (let length = 0; length < value.length && !(await put(value.slice(0, length))); length++);
      else if (value !== null && mayBeNull(read(), field)) await put(null);
    }
  }
}

function mayBeNull({ subgraphs }: FederationCase, field: string): boolean {
  return Object.values(subgraphs).every(
    (sdl) => !new RegExp(`\\b${field}\\b[^\\n]*!`).test(sdl) && !new RegExp(`@key\\([^)]*\\b${field}\\b`).test(sdl),
  );
}
