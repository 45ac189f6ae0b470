import type { FetchContext, SubgraphCall, SubgraphClient, SubgraphResponse } from '../../../../gateway/fetch/SubgraphClient.js';

export interface Asked {
  readonly call: SubgraphCall;
  readonly context: FetchContext;
  answer(response: SubgraphResponse): void;
  fail(error: unknown): void;
}

/** A subgraph whose requests stay on the way until the test says how each ends. */
export function scripted() {
  const asked: Asked[] = [];
  let isClosed = false;
  const client: SubgraphClient = {
    request: (call, context) =>
      new Promise((answer, fail) => {
        asked.push({ call, context, answer, fail });
      }),
    close: async () => void (isClosed = true),
  };
  return { client, asked, isClosed: () => isClosed };
}

export const query = (text: string, variables = '{}'): SubgraphCall => ({
  operation: { query: text, kind: 'query' },
  variables,
});
export const mutation: SubgraphCall = { operation: { query: 'mutation { a }', kind: 'mutation' }, variables: '{}' };
