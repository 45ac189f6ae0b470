import type { HeaderRule } from '../config/subgraphsConfig.js';
import type { FetchContext } from './SubgraphClient.js';

/**
 * The headers that the rules give a subgraph, from those of a client's request. What a client sends several times goes as one, with
 * commas; what no header may hold is left out.
 */
export function propagateHeaders(rules: readonly HeaderRule[]): (context: FetchContext) => Readonly<Record<string, string>> {
  return ({ headers = {} }) => {
    const given: Record<string, string> = {};
    for (const rule of rules) {
      if (rule.from === null) {
        given[rule.name] = rule.value;
        continue;
      }
      const value = headers[rule.from] ?? rule.fallback ?? undefined;
      const text = Array.isArray(value) ? value.join(', ') : value;
      if (text !== undefined && /^[\t\x20-\x7e\x80-\xff]*$/.test(text)) given[rule.name] = text;
    }
    return given;
  };
}
