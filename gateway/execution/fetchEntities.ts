import type { SubgraphResponse } from '../fetch/SubgraphClient.js';
import type { RepresentationOf } from './compileRepresentation.js';
import type { FetchEnd, FetchStep } from './compileFetch.js';
import { entityErrors } from './entityErrors.js';
import { entitiesThroughCache } from './fetchThroughCache.js';
import { copyJson, takeOwn } from './places.js';
import { applyRewrites } from './rewrites.js';
import type { Run } from './Run.js';
import { sendFetch, variablesOf, variablesText } from './sendFetch.js';
import { isObject, type JsonObject } from './Target.js';
import { toAsked, withoutVoided, type Asked, type Bound } from './toAsked.js';
import { withoutFields } from './withoutFields.js';

/** Asks for the entities that the targets stand for, each once, and gives each target what is its. */
export async function fetchEntities(
  step: FetchStep,
  representationOf: RepresentationOf,
  targets: readonly JsonObject[],
  bounds: readonly Bound[],
  ofContext: Readonly<JsonObject>,
  run: Run,
): Promise<void> {
  const asked = toAsked(representationOf, step.voids, targets, bounds);
  if (asked.texts.length === 0) return;
  if (asked.voided.size === 0) return askFor(asked, step, ofContext, run);
  await Promise.all(
    withoutVoided(asked).map(({ part, names }) => askFor(part, names ? withoutFields(step, names) : step, ofContext, run)),
  );
}

async function askFor(asked: Asked, step: FetchStep, ofContext: Readonly<JsonObject>, run: Run): Promise<void> {
  const { texts } = asked;
  const variables = variablesOf(step, run, ofContext);
  const ask = (some: readonly string[]): Promise<SubgraphResponse> => sendFetch(step, variablesText(variables, some), run);
  const lookup = run.cache?.lookUp(step.node, variables, texts);
  if (lookup) {
    const { response, missing } = await entitiesThroughCache(lookup, texts, ask);
    take(step, asked, response, missing, run);
  } else take(step, asked, await ask(texts), null, run);
}

/** `missing` are the places of those that the subgraph was asked for, who alone can be missing when it fails; null: all. */
function take(step: FetchStep, asked: Asked, response: SubgraphResponse, missing: readonly number[] | null, run: Run): void {
  if (!response.isPlain) run.isPlain = false;
  const found: unknown = response.data?.['_entities'];
  const entities = Array.isArray(found) ? (found as unknown[]) : [];
  // An answer for every entity, and no errors: the rule, which needs no paths.
  if (response.errors?.length || !isComplete(entities, asked.texts.length))
    entityErrors(step, asked, response.errors ?? [], entities, missing ?? asked.texts.map((_, index) => index), run);
  const isShared = response.isShared === true;
  const rewritten = rewrite(step, entities, isShared, run);
  mergeEntities(asked, rewritten, isShared && !step.node.outputRewrites?.length, run);
}

function isComplete(entities: readonly unknown[], count: number): boolean {
  for (let index = 0; index < count; index++) {
    const entity = entities[index];
    if (entity !== null && !isObject(entity)) return false;
  }
  return true;
}

/** In place where the objects are this operation's own. */
function rewrite({ node }: FetchStep, entities: readonly unknown[], isShared: boolean, { isPossible }: Run): readonly unknown[] {
  if (!node.outputRewrites?.length) return entities;
  return entities.map((entity) => {
    if (!isObject(entity)) return entity;
    const own = isShared ? (copyJson(entity) as JsonObject) : entity;
    applyRewrites(own, node.outputRewrites, isPossible);
    return own;
  });
}

function mergeEntities(
  { texts, targets, slots, bounds }: Asked,
  entities: readonly unknown[],
  isShared: boolean,
  run: Run,
): void {
  const copies = isShared || targets.length > texts.length;
  let index = 0;
  bounds.forEach(({ end, upTo }, position) => {
    // Two ends may be read and added to under different names.
    const own = end.changesBelow && (isShared || position > 0) ? ownCopies(entities, end) : entities;
    for (; index < upTo; index++) {
      const entity = own[slots[index]!];
      if (isObject(entity)) end.merge(targets[index]!, entity, copies);
    }
    if (targets.length > texts.length) for (const place of end.repeats) run.isRepeated[place] = 1;
  });
}

function ownCopies(entities: readonly unknown[], { place }: FetchEnd): unknown[] {
  return entities.map((entity) => (isObject(entity) ? takeOwn(entity, place) : entity));
}
