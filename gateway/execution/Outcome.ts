import type { GraphQLFormattedError } from 'graphql';
import type { JsonObject } from './Target.js';

export interface OperationResult {
  readonly data: JsonObject | null;
  readonly errors?: readonly GraphQLFormattedError[];
}

export interface PrintedResult {
  /** JSON. */
  readonly data: string;
  readonly errors?: readonly GraphQLFormattedError[];
}

/** What an operation has come to, in the form that its reader needs; one of them is called, once. */
export interface Outcome {
  /** As text, which costs half as much. */
  print(): PrintedResult;
  shape(): OperationResult;
}

/** An answer in parts, as graphql-js 17.0.0-alpha.2 and Apollo's deferSpec=20220824 have it. */
export interface IncrementalAnswer {
  readonly initialResult: PrintedResult;
  /** Never empty. Its `return` settles everything at once. The last part has `hasNext: false`. */
  readonly subsequentResults: AsyncIterator<SubsequentResult>;
}

export interface SubsequentResult {
  readonly hasNext: boolean;
  readonly incremental?: readonly IncrementalPart[];
}

export interface IncrementalPart {
  readonly path: readonly (string | number)[];
  readonly label?: string;
  /** Of @defer. */
  readonly data?: Record<string, unknown> | null;
  /** Of @stream. */
  readonly items?: readonly unknown[] | null;
  readonly errors?: readonly GraphQLFormattedError[];
}

/** Printed, for whoever needs objects. */
export function parsed({ data, errors }: PrintedResult): OperationResult {
  const value = JSON.parse(data) as JsonObject | null;
  return errors ? { data: value, errors } : { data: value };
}

export function isIncremental(answer: PrintedResult | IncrementalAnswer): answer is IncrementalAnswer {
  return 'initialResult' in answer;
}
