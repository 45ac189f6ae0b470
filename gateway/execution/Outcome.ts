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

/** Printed, for whoever needs objects. */
export function parsed({ data, errors }: PrintedResult): OperationResult {
  const value = JSON.parse(data) as JsonObject | null;
  return errors ? { data: value, errors } : { data: value };
}
