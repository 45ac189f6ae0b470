import type { SubgraphCall, SubgraphOperation } from './SubgraphClient.js';

const prefixes = new WeakMap<SubgraphOperation, string>();

/** The JSON that goes to a subgraph. All but the variables is made once for an operation. */
export function requestBody({ operation, variables }: SubgraphCall): string {
  let prefix = prefixes.get(operation);
  if (prefix === undefined) prefixes.set(operation, (prefix = prefixOf(operation)));
  return `${prefix}${variables}}`;
}

function prefixOf({ query, operationName }: SubgraphOperation): string {
  const name = operationName === undefined ? '' : `,"operationName":${JSON.stringify(operationName)}`;
  return `{"query":${JSON.stringify(query)}${name},"variables":`;
}
