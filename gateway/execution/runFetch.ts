import { canonicalJson } from '../../subgraphs/shared/canonicalJson.js';
import type { FetchStep } from './compileFetch.js';
import { fetchEntities } from './fetchEntities.js';
import { fetchRoot } from './fetchRoot.js';
import type { Run } from './Run.js';
import { descend, isObject, type JsonObject, type Target } from './Target.js';

/** Runs one fetch and merges what it brings. Never rejects: a failure is reported where its fields would be. */
export async function runFetch(step: FetchStep, run: Run): Promise<void> {
  if (!step.representationOf) return fetchRoot(step, run);
  if (step.isWanted?.(run.variables) === false) return;
  if (!step.node.contextRewrites?.length) {
    const targets: JsonObject[] = [];
    const ends = step.ends.map((end) => {
      end.collect(run.data, targets, run.isRepeated);
      return { end, upTo: targets.length };
    });
    return fetchEntities(step, step.representationOf, targets, ends, {}, run);
  }
  const end = step.ends[0]!;
  await Promise.all(
    byContext(step, run).map(({ variables, targets }) =>
      fetchEntities(step, step.representationOf!, targets, [{ end, upTo: targets.length }], variables, run),
    ),
  );
}

/** Entities that see different values of a context are asked for in calls of their own: the value is a variable of the call. */
function byContext({ node, ends }: FetchStep, run: Run): { variables: JsonObject; targets: JsonObject[] }[] {
  const groups = new Map<string, { variables: JsonObject; targets: JsonObject[] }>();
  for (const target of descend([{ value: run.data, path: [], parent: undefined }], ends[0]!.path, run.isPossible)) {
    const variables: JsonObject = {};
    for (const { path, renameKeyTo } of node.contextRewrites!) {
      const value = lookUp(target, path, run);
      if (value !== undefined) variables[renameKeyTo] = value;
    }
    const key = canonicalJson(variables);
    const group = groups.get(key);
    if (group) group.targets.push(target.value);
    else groups.set(key, { variables, targets: [target.value] });
  }
  return [...groups.values()];
}

function lookUp(target: Target, path: readonly string[], { isPossible }: Run): unknown {
  let from: Target | undefined = target;
  let step = 0;
  for (; path[step] === '..'; step++) from = from?.parent;
  let value: unknown = from?.value;
  for (; step < path.length; step++) {
    if (!isObject(value)) return undefined;
    const part = path[step]!;
    if (!part.startsWith('... on ')) value = value[part];
    else if (!isPossible(String(value['__typename']), part.slice('... on '.length))) return undefined;
  }
  return value;
}
