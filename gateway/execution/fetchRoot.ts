import type { SubgraphResponse } from '../fetch/SubgraphClient.js';
import type { FetchStep } from './compileFetch.js';
import { rootThroughCache } from './fetchThroughCache.js';
import { copyJson, takeOwn } from './places.js';
import { reportErrors } from './reportErrors.js';
import { applyRewrites } from './rewrites.js';
import type { Run } from './Run.js';
import { namesIn, selectionsOf } from './selectionTree.js';
import { sendFetch, variablesOf, variablesText } from './sendFetch.js';
import { descend, type JsonObject } from './Target.js';

/** Root fields need nothing of their target: asked once, they answer for all, as where a list's items have a field of type Query. */
export async function fetchRoot(step: FetchStep, run: Run): Promise<void> {
  const { node } = step;
  const end = step.ends[0]!;
  const targets: JsonObject[] = [];
  end.collect(run.data, targets, run.isRepeated);
  if (targets.length === 0) return;
  const variables = variablesOf(step, run, {});
  const ask = (): Promise<SubgraphResponse> => sendFetch(step, variablesText(variables), run);
  const lookup = run.cache?.lookUp(node, variables, null);
  const response = lookup ? await rootThroughCache(lookup, ask) : await ask();
  if (response.errors?.length) {
    const places = descend([{ value: run.data, path: [], parent: undefined }], end.path, run.isPossible).map(({ path }) => path);
    const names = namesIn(selectionsOf(node), run.variables).filter((name) => !name.startsWith('__'));
    const everywhere = (): (string | number)[][] => places.flatMap((at) => names.map((name) => [...at, name]));
    // A path that begins with what was not asked for leads nowhere.
    const leads = ([first]: readonly (string | number)[]): boolean => typeof first === 'string' && names.includes(first);
    reportErrors(response.errors, run, (path) => (leads(path) ? places.map((at) => [...at, ...path]) : everywhere()), everywhere);
    // A null that went up to the root took the other fields of the fetch with it.
    if (!response.data) run.excuse(everywhere());
  }
  if (!response.data) return;
  if (!response.isPlain) run.isPlain = false;
  let data = response.data as JsonObject;
  const isShared = response.isShared === true;
  if (node.outputRewrites?.length) {
    if (isShared) data = copyJson(data) as JsonObject;
    applyRewrites(data, node.outputRewrites, run.isPossible);
  } else if (isShared && end.changesBelow) data = takeOwn(data, end.place);
  const copies = isShared || targets.length > 1;
  for (const target of targets) end.merge(target, data, copies);
  if (targets.length > 1) for (const place of end.repeats) run.isRepeated[place] = 1;
}
