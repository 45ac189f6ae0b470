import { SHARED_ERRORS, type ErrorDescription } from '../subgraphs/shared/errors.js';

export { MeshError } from '../subgraphs/shared/errors.js';

/** Every error code of the mesh, once: who it speaks to, its HTTP status when it ends a request, and the way out. */
export const ERRORS = {
  ...SHARED_ERRORS,
  UNAUTHENTICATED: {
    audience: 'client',
    httpStatus: 401,
    meaning:
      'The token is unknown, malformed or expired, or the field asks for a caller who is known; send a valid `Authorization: Bearer` header.',
  },
  GRAPHQL_PARSE_FAILED: {
    audience: 'client',
    httpStatus: 400,
    meaning: 'The operation is not GraphQL; the message has line and column.',
  },
  GRAPHQL_VALIDATION_FAILED: {
    audience: 'client',
    httpStatus: 400,
    meaning: 'The operation does not fit the schema; the message says where.',
  },
  OPERATION_TOO_LARGE: {
    audience: 'client',
    httpStatus: 400,
    meaning: 'The operation has too many tokens, aliases or levels; split it.',
  },
  COST_ESTIMATED_TOO_EXPENSIVE: {
    audience: 'client',
    httpStatus: 400,
    meaning:
      'The operation may cost more than the caller may ask for at once; ask for fewer fields or shorter lists, or split it. The message has both figures.',
  },
  COST_SLICING_ARGUMENT: {
    audience: 'client',
    httpStatus: 400,
    meaning: 'A list wants exactly one of its slicing arguments, such as `first`; the message names them.',
  },
  UNSUPPORTED_MEDIA_TYPE: {
    audience: 'client',
    httpStatus: 415,
    meaning: 'The body is not of the type application/json, or not UTF-8, or compressed; send JSON as it is.',
  },
  NOT_ACCEPTABLE: {
    audience: 'client',
    httpStatus: 406,
    meaning: 'The Accept header names no type that is made here; accept application/json or application/graphql-response+json.',
  },
  MUTATION_OVER_GET: { audience: 'client', httpStatus: 405, meaning: 'Mutations have effects; send them as POST.' },
  ROUTED_FIELD_OVER_GET: {
    audience: 'client',
    httpStatus: 405,
    meaning: 'The operation asks agents to work, which is an effect; send it as POST.',
  },
  SUBREQUEST_FAILED: {
    audience: 'client',
    httpStatus: 200,
    meaning: 'A subgraph did not answer, or not with GraphQL; the other fields are there. Try again.',
  },
  SUBGRAPH_TIMEOUT: {
    audience: 'client',
    httpStatus: 200,
    meaning: 'A subgraph took too long; the other fields are there. Try again.',
  },
  SUBGRAPH_UNAVAILABLE: {
    audience: 'client',
    httpStatus: 200,
    meaning: 'A subgraph failed so often just now that it is not asked for a moment; the other fields are there. Try again.',
  },
  DEADLINE_EXCEEDED: { audience: 'client', httpStatus: 200, meaning: 'The time of the whole operation was over.' },
  SNAPSHOT_STALE: {
    audience: 'client',
    httpStatus: 503,
    meaning: 'The gateway has not heard of the catalog for 30 s and will neither govern nor route by old data; try again later.',
  },
  BUDGET_UNAVAILABLE: {
    audience: 'client',
    httpStatus: 503,
    meaning: 'A budget applies and the costs subgraph cannot reserve from it; try again later.',
  },
  TOO_MANY_SUBSCRIPTIONS: {
    audience: 'client',
    httpStatus: 503,
    meaning: 'The gateway or the connection has as many subscriptions as it allows; close some.',
  },
  SUBSCRIPTION_UNSUPPORTED: {
    audience: 'client',
    httpStatus: 400,
    meaning:
      'This subscription field is not fed by an event topic, only fields with @eventStream are served; or the request does not say how events can reach it.',
  },
  PERSISTED_QUERY_NOT_FOUND: {
    audience: 'client',
    httpStatus: 200,
    meaning:
      'The gateway does not know the text of this hash (any more); send hash and text, clients with automatic persisted queries do.',
  },
  PERSISTED_QUERY_NOT_SUPPORTED: {
    audience: 'client',
    httpStatus: 400,
    meaning: 'Automatic persisted queries are switched off (MESH_PERSISTED_AUTOMATIC); send the text without a hash.',
  },
  PERSISTED_QUERY_NOT_IN_LIST: {
    audience: 'client',
    httpStatus: 400,
    meaning: 'No operation of this id is in the manifest of persisted documents; publish it there, or mend the id.',
  },
  QUERY_NOT_IN_SAFELIST: {
    audience: 'client',
    httpStatus: 403,
    meaning:
      'Only operations of the manifest of persisted documents are answered here, and this is none of them; publish it there.',
  },
  STREAM_NOT_FOUND: {
    audience: 'client',
    httpStatus: 404,
    meaning: 'There is no event stream of this token and this caller; reserve one with PUT and open it within 30 s.',
  },
  STREAM_CONFLICT: {
    audience: 'client',
    httpStatus: 409,
    meaning: 'The event stream is open already, or not yet, or has an operation of this id.',
  },
  SCHEMA_CHANGED: {
    audience: 'client',
    httpStatus: 409,
    meaning:
      'The supergraph has changed and the subscription no longer fits it; mend the operation and subscribe again from the last cursor.',
  },
  INVALID_SUBGRAPH_DATA: {
    audience: 'client',
    httpStatus: 200,
    meaning: 'A subgraph answered with data that does not fit the schema; the field is null. Its owners must mend it.',
  },
  PLANNING_FAILED: {
    audience: 'internal',
    httpStatus: 500,
    meaning: 'The operation is valid but could not be planned; the log has the cause under the trace id.',
  },
  INVALID_SUPERGRAPH: {
    audience: 'operator',
    httpStatus: 500,
    meaning: 'The supergraph cannot be read or does not hold together; the message says where.',
  },
  UNSUPPORTED_DIRECTIVE: {
    audience: 'operator',
    httpStatus: 500,
    meaning:
      'The supergraph applies a security or governance directive that this gateway does not enforce; it is refused rather than ignored.',
  },
  COMPOSITION_FAILED: {
    audience: 'operator',
    httpStatus: 500,
    meaning: 'The subgraphs do not compose, or break a rule of the mesh; every problem is listed with its file and line.',
  },
  INVALID_CONFIGURATION: { audience: 'operator', httpStatus: 500, meaning: 'Settings are wrong; each is listed with its name.' },
  WORKERS_FAILED: {
    audience: 'operator',
    httpStatus: 500,
    meaning:
      'Worker processes of `mesh gateway --workers` ended one after the other as soon as they had started, so the gateway has ended; the log has how each did.',
  },
  INVALID_RECORDINGS: {
    audience: 'operator',
    httpStatus: 500,
    meaning: 'The file of recorded answers is wrong; each problem is listed as file:line.',
  },
  INVALID_MESH_FILE: {
    audience: 'operator',
    httpStatus: 500,
    meaning: 'The mesh file is wrong; each problem is listed as file:line:column. Nothing was applied.',
  },
  APPLY_FAILED: {
    audience: 'operator',
    httpStatus: 500,
    meaning: 'The mesh refused part of the file; what was applied and what was not is listed. Mend it and apply again.',
  },
} as const satisfies Record<string, ErrorDescription>;

export type ErrorCode = keyof typeof ERRORS;
