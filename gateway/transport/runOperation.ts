import { HeaderMap, type ApolloServer } from '@apollo/server';
import type { Call } from '../context/createCall.js';
import type { SubsequentResult } from '../execution/Outcome.js';
import type { OperationAnswer } from './answer/Answer.js';
import type { CallHolder } from './createApollo.js';

export interface Asked {
  readonly query: string;
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
}

export interface RanOperation {
  readonly answer: OperationAnswer;
  /** What follows the answer. Null: it is whole. */
  readonly rest: AsyncIterator<SubsequentResult> | null;
}

/** What Apollo Server is to make; the client's own wishes are seen to elsewhere. */
const HEADERS = new HeaderMap([
  ['content-type', 'application/json'],
  ['accept', 'application/json'],
]);

/** One query or mutation through Apollo Server, which validates it and writes its errors and its text. */
export async function runOperation(
  apollo: ApolloServer<CallHolder>,
  { query, operationName, variables }: Asked,
  call: Call,
  acceptsIncremental: boolean,
): Promise<RanOperation> {
  const holder: CallHolder = { call, acceptsIncremental, parts: { rest: null } };
  const { status, body } = await apollo.executeHTTPGraphQLRequest({
    httpGraphQLRequest: { method: 'POST', headers: HEADERS, search: '', body: { query, operationName, variables } },
    context: async () => holder,
  });
  if (body.kind !== 'complete') throw new TypeError('Apollo Server was not asked for parts');
  const answer = { status: status ?? 200, bytes: Buffer.from(body.string), freshness: call.freshness() };
  return { answer, rest: holder.parts.rest };
}

/** Apollo's page with Sandbox. */
export async function landingPage(apollo: ApolloServer<CallHolder>): Promise<string> {
  const { body } = await apollo.executeHTTPGraphQLRequest({
    httpGraphQLRequest: { method: 'GET', headers: new HeaderMap([['accept', 'text/html']]), search: '', body: undefined },
    context: () => Promise.reject(new TypeError('a page is no operation')),
  });
  if (body.kind !== 'complete') throw new TypeError('Apollo Server was not asked for parts');
  return body.string;
}
