import type { GraphQLFormattedError } from 'graphql';
import type { SubgraphResponse } from '../fetch/SubgraphClient.js';
import type { FetchLookup } from './FetchCache.js';
import { isObject, type JsonObject } from './Target.js';

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
 * `asked` are the places of those that the subgraph was asked for, who alone can be missing when it fails.
 */
export async function entitiesThroughCache(
  lookup: FetchLookup,
  representations: readonly JsonObject[],
  ask: (missing: readonly JsonObject[]) => Promise<SubgraphResponse>,
): Promise<{ response: SubgraphResponse; asked: readonly number[] }> {
  const entities: unknown[] = await lookup.read();
  const asked = representations.flatMap((_, index) => (entities[index] ? [] : [index]));
  if (asked.length === 0) return { response: { data: { _entities: entities } }, asked };
  const { data, errors } = await ask(asked.map((index) => representations[index]!));
  const answers = data?.['_entities'];
  if (Array.isArray(answers)) {
    asked.forEach((index, position) => {
      const entity: unknown = answers[position];
      entities[index] = entity;
      // Null may be a failure, and is not worth much when it is none.
      if (!errors?.length && isObject(entity)) lookup.write(index, entity);
    });
  }
  const response = { data: { _entities: entities }, ...(errors && { errors: errors.map((error) => moved(error, asked)) }) };
  return { response, asked };
}

/** Which of the asked entities failed, counted among all. */
function moved(error: GraphQLFormattedError, asked: readonly number[]): GraphQLFormattedError {
  const [root, position, ...rest] = error.path ?? [];
  const index = typeof position === 'number' ? asked[position] : undefined;
  return index === undefined ? error : { ...error, path: [root!, index, ...rest] };
}
