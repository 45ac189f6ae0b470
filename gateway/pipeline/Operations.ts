import type { DocumentNode, ExecutionResult, GraphQLSchema } from 'graphql';
import type { Call } from '../context/createCall.js';
import { isIncremental, type IncrementalAnswer, type PrintedResult } from '../execution/Outcome.js';

/** A parsed and validated operation. */
export interface Operation {
  /** What it was validated against: a supergraph that is replaced meanwhile still answers what was asked of it. */
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  /** Which of the document's operations; needed when it has several. */
  readonly operationName?: string | undefined;
  /** What the client calls it, where the document does not say. */
  readonly name?: string | undefined;
  readonly variables: Readonly<Record<string, unknown>>;
  /** The client takes @defer and @stream in parts. Otherwise the answer comes whole. */
  readonly acceptsIncremental?: boolean;
}

/** What the transports bring operations to. */
export interface Operations {
  /** The API schema now. */
  schema(): GraphQLSchema;
  /** Changes with the supergraph and whenever something with an effect has ended: answers from before are not for who asks afterwards. */
  moment(): string;
  /** `listener` is called at once with the schema now, and for every later one. The result ends that. */
  onSchema(listener: (schema: GraphQLSchema, supergraphSdl: string) => void): () => void;
  /** Queries and mutations. Rejects with MeshErrors, or with bugs; located errors are in the result. */
  execute(operation: Operation, call: Call): Promise<PrintedResult | IncrementalAnswer>;
  /** Subscriptions. The result's `return` settles everything at once. */
  subscribe(operation: Operation, call: Call): Promise<AsyncIterableIterator<ExecutionResult>>;
}

/** For transports that never say `acceptsIncremental`. */
export function wholeAnswer(answer: PrintedResult | IncrementalAnswer): PrintedResult {
  if (isIncremental(answer)) throw new TypeError('an answer in parts that nobody asked for');
  return answer;
}
