import { GraphQLError } from 'graphql';
import type { Call } from '../context/createCall.js';
import { MeshError } from '../errors.js';
import { isIncremental, type IncrementalAnswer, type PrintedResult } from '../execution/Outcome.js';
import { type Operations } from '../pipeline/Operations.js';
import type { PreparedOperation } from '../pipeline/prepareOperation.js';
import type { RanOperation } from './runOperation.js';

/**
 * One query or mutation that is known to be valid, for which Apollo Server would do nothing. Null when the variables do not fit and nothing
 * has been done yet: the places of the errors are those of the client's own text, which is not looked at here. Rejects as `execute` does.
 */
export async function runPrepared(
  operations: Operations,
  { schema, document, name, literals }: PreparedOperation,
  variables: Readonly<Record<string, unknown>>,
  call: Call,
  acceptsIncremental: boolean,
): Promise<RanOperation | null> {
  const operation = { schema, document, name, variables: { ...variables, ...literals }, acceptsIncremental };
  try {
    const answer = await operations.execute(operation, call);
    return isIncremental(answer) ? inParts(answer, call) : { answer: whole(answer, call), rest: null };
  } catch (error) {
    if (error instanceof MeshError && error.cause instanceof GraphQLError) return null;
    throw error;
  }
}

function inParts({ initialResult, subsequentResults }: IncrementalAnswer, call: Call): RanOperation {
  return { answer: whole(initialResult, call), rest: subsequentResults };
}

function whole({ bytes }: PrintedResult, call: Call): RanOperation['answer'] {
  return { status: 200, bytes, freshness: call.freshness() };
}
