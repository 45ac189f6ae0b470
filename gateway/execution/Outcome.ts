import type { GraphQLFormattedError } from 'graphql';
import type { JsonObject } from './Target.js';

export interface OperationResult {
  readonly data: JsonObject | null;
  readonly errors?: readonly GraphQLFormattedError[];
}

export interface PrintedResult {
  /**
   * The whole answer as JSON in UTF-8, its errors first, as the specification advises (spec.graphql.org/draft, 7.1). As bytes from the
   * first: an answer waits for its client, and a long string that does is copied by the garbage collector, while bytes lie outside of
   * what that moves.
   */
  readonly bytes: Buffer;
  /** What is in the answer, for who wants to know. */
  readonly errors?: readonly GraphQLFormattedError[];
}

/** `data` is JSON. */
export function printed(data: string, errors?: readonly GraphQLFormattedError[]): PrintedResult {
  const { before, after } = around(errors);
  const bytes = Buffer.from(`${before}${data}${after}`);
  return errors?.length ? { bytes, errors } : { bytes };
}

/** The text of an answer before its data, and after. */
export function around(errors?: readonly GraphQLFormattedError[]): { readonly before: string; readonly after: string } {
  const before = errors?.length ? `{"errors":${JSON.stringify(errors.map(inOrder))},"data":` : '{"data":';
  return { before, after: '}' };
}

function inOrder({ message, path, extensions }: GraphQLFormattedError): GraphQLFormattedError {
  return { message, ...(path && { path }), ...(extensions && { extensions }) };
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
  readonly extensions?: Readonly<Record<string, unknown>>;
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
export function parsed({ bytes }: PrintedResult): OperationResult {
  return JSON.parse(bytes.toString('utf8')) as OperationResult;
}

export function isIncremental(answer: PrintedResult | IncrementalAnswer): answer is IncrementalAnswer {
  return 'initialResult' in answer;
}
