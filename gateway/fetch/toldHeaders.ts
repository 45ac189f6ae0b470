import type { SubgraphsConfig } from '../config/subgraphsConfig.js';
import type { FetchContext } from './SubgraphClient.js';

/** All headers of a request that rules give to any subgraph, as text: answers may depend on them. Empty when there are none. */
export type ToldHeaders = (headers: FetchContext['headers']) => string;

export function createToldHeaders(config: SubgraphsConfig | undefined): ToldHeaders {
  const settings = config ? [...config.byName.values(), config.others] : [];
  const names = [...new Set(settings.flatMap(({ headers }) => headers.flatMap(({ from }) => from ?? [])))].toSorted();
  if (names.length === 0) return () => '';
  return (headers = {}) => JSON.stringify(names.map((name) => headers[name] ?? null));
}
