import type { GraphQLFormattedError } from 'graphql';
import type { SubgraphResponse } from '../fetch/SubgraphClient.js';
import type { FetchLookup } from './FetchCache.js';
import { isObject } from './Target.js';

/** Root fields: from the cache, or else from the subgraph. */
export async function rootThroughCache(lookup: FetchLookup, ask: () => Promise<SubgraphResponse>): Promise<SubgraphResponse> {
  const [kept] = await lookup.read();
  if (kept) return { data: kept };
  const response = await ask();
  if (response.data && !response.errors?.length) lookup.write(0, response.data);
  return response;
}

/**
 * Entities: those that the cache has, and the others from the subgraph, joined to one answer as if the subgraph had given all.
 * `missing` are the places of those that the subgraph was asked for.
 */
export async function entitiesThroughCache(
  lookup: FetchLookup,
  representations: readonly string[],
  ask: (missing: readonly string[]) => Promise<SubgraphResponse>,
): Promise<{ response: SubgraphResponse; missing: readonly number[] }> {
  const entities: unknown[] = await lookup.read();
  const missing = representations.flatMap((_, index) => (entities[index] ? [] : [index]));
  if (missing.length === 0) return { response: { data: { _entities: entities } }, missing };
  const { data, errors, isShared } = await ask(missing.map((index) => representations[index]!));
  const answers = data?.['_entities'];
  if (Array.isArray(answers)) {
    missing.forEach((index, position) => {
      const entity: unknown = answers[position];
      entities[index] = entity;
      // Null may be a failure, and is not worth much when it is none.
      if (!errors?.length && isObject(entity)) lookup.write(index, entity);
    });
  }
  const response = {
    data: { _entities: entities },
    ...(errors && { errors: errors.map((error) => moved(error, missing)) }),
    ...(isShared && { isShared }),
  };
  return { response, missing };
}

/** Which of the asked entities failed, counted among all. */
function moved(error: GraphQLFormattedError, missing: readonly number[]): GraphQLFormattedError {
  const [root, position, ...rest] = error.path ?? [];
  const index = typeof position === 'number' ? missing[position] : undefined;
  return index === undefined ? error : { ...error, path: [root!, index, ...rest] };
}
