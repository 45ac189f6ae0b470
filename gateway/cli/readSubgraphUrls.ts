import { MeshError } from '../errors.js';

/**
 * Reads `--subgraph-url name=url`, several times. A URL without a path gets `/graphql`, where the mesh's own subgraphs are; with a
 * path (a lone `/` too) it stays. Throws INVALID_CONFIGURATION.
 */
export function readSubgraphUrls(given: readonly string[]): Map<string, string> {
  return new Map(
    given.map((text) => {
      const [, name, url] = /^([^=]+)=(https?:\/\/.+)$/.exec(text) ?? [];
      if (name && url && URL.canParse(url)) return [name, /^https?:\/\/[^/?#]+$/.test(url) ? `${url}/graphql` : url];
      throw new MeshError(
        'INVALID_CONFIGURATION',
        `--subgraph-url ${text}: write name=url, such as agents=http://127.0.0.1:4001/graphql.`,
      );
    }),
  );
}
