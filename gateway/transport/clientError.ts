import { GraphQLError, type ExecutionResult, type GraphQLFormattedError } from 'graphql';
import type { Logger } from 'pino';
import type { OperationResult } from '../execution/Outcome.js';
import { ERRORS, MeshError, type ErrorCode } from '../errors.js';

/** Codes of Apollo Server that are not in our catalogue, and what they are there. */
const APOLLO_CODES: Readonly<Record<string, ErrorCode>> = {
  BAD_REQUEST: 'BAD_USER_INPUT',
  OPERATION_RESOLUTION_FAILURE: 'BAD_USER_INPUT',
  PERSISTED_QUERY_NOT_SUPPORTED: 'BAD_USER_INPUT',
};

/**
 * What a client may see of a thrown error, ready for Apollo Server and graphql-ws: a MeshError's code and words, and for anything
 * else INTERNAL_SERVER_ERROR with the trace id, under which the log has the cause. The status is for HTTP and is not sent.
 */
export function toClientError(error: unknown, traceId: string, log: Logger): GraphQLError {
  const cause = error instanceof GraphQLError && error.originalError ? error.originalError : error;
  // Without a code it is graphql-js that could not make sense of the operation.
  if (cause instanceof GraphQLError) return cause.extensions['code'] === undefined ? invalid(cause) : cause;
  if (cause instanceof MeshError && audienceOf(cause.code) === 'client') {
    // What the operation itself is to blame for has its place there.
    const nodes = cause.cause instanceof GraphQLError ? (cause.cause.nodes ?? null) : null;
    return new GraphQLError(cause.message, {
      nodes,
      extensions: { ...cause.extensions, http: { status: statusOf(cause.code) } },
    });
  }
  log.error({ err: cause, traceId }, 'an operation failed');
  const known = cause instanceof MeshError ? cause.code : 'INTERNAL_SERVER_ERROR';
  const message = cause instanceof MeshError ? ERRORS[known as ErrorCode].meaning : 'Internal error';
  return new GraphQLError(message, { extensions: { code: known, traceId, http: { status: statusOf(known) } } });
}

/** An error of an answer, for Apollo Server, which wants GraphQLErrors and would lose the place of anything else. */
function fromFormatted({ message, path, extensions }: GraphQLFormattedError): GraphQLError {
  return new GraphQLError(message, { ...(path && { path }), extensions: { ...extensions } });
}

export function toExecutionResult({ data, errors }: OperationResult): ExecutionResult {
  return errors ? { data, errors: errors.map(fromFormatted) } : { data };
}

/** Apollo Server's last step for every error: our codes for its own, and nothing told of what nobody has converted. */
export function formatError(log: Logger): (formatted: GraphQLFormattedError, error: unknown) => GraphQLFormattedError {
  return (formatted, error) => {
    const cause = error instanceof GraphQLError && error.originalError ? error.originalError : error;
    if (!(cause instanceof GraphQLError) && !(cause instanceof MeshError)) {
      log.error({ err: cause }, 'an operation failed');
      return { message: 'Internal error', extensions: { code: 'INTERNAL_SERVER_ERROR' } };
    }
    const code = String(formatted.extensions?.['code']);
    return { ...formatted, extensions: { ...formatted.extensions, code: APOLLO_CODES[code] ?? code } };
  };
}

function invalid({ message, nodes }: GraphQLError): GraphQLError {
  return new GraphQLError(message, {
    nodes: nodes ?? null,
    extensions: { code: 'GRAPHQL_VALIDATION_FAILED', http: { status: 400 } },
  });
}

export function statusOf(code: string): number {
  return code in ERRORS ? ERRORS[code as ErrorCode].httpStatus : 500;
}

function audienceOf(code: string): string {
  return code in ERRORS ? ERRORS[code as ErrorCode].audience : 'internal';
}
