/**
 * An error that a caller can act on: a code from the catalogue (gateway/errors.ts lists every one), what was wrong, and the way out.
 * graphql-js copies `extensions` to the answer. Anything else that is thrown is a bug or broken infrastructure; it is logged, and the
 * caller sees INTERNAL_SERVER_ERROR.
 */
export class MeshError extends Error {
  override readonly name = 'MeshError';
  readonly extensions: Readonly<Record<string, unknown>> & { readonly code: string };

  constructor(code: string, message: string, options: { cause?: unknown; extensions?: Record<string, unknown> } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.extensions = { ...options.extensions, code };
  }

  get code(): string {
    return this.extensions.code;
  }
}

export type Audience = 'client' | 'operator' | 'internal';

export interface ErrorDescription {
  readonly audience: Audience;
  readonly httpStatus: number;
  /** What it means and the way out, for the table in the documentation. */
  readonly meaning: string;
}

/** Codes that subgraphs and the code shared with them raise. gateway/errors.ts adds the gateway's own to one catalogue. */
export const SHARED_ERRORS = {
  BAD_USER_INPUT: {
    audience: 'client',
    httpStatus: 400,
    meaning: 'An argument is out of range or malformed; the message says which.',
  },
  BAD_CURSOR: { audience: 'client', httpStatus: 400, meaning: 'The cursor was not made by this field; start without one.' },
  EVENT_GAP: {
    audience: 'client',
    httpStatus: 200,
    meaning: 'Events between the cursor and the oldest one kept are gone; read the current state and subscribe without a cursor.',
  },
  NO_ROUTE: {
    audience: 'client',
    httpStatus: 200,
    meaning: 'No agent may compute this; `rejected` says why for each candidate.',
  },
  OVER_BUDGET: {
    audience: 'client',
    httpStatus: 200,
    meaning: 'A hard budget would be exceeded; raise it, wait for its reset, or lower maxCostUsd.',
  },
  IDEMPOTENCY_CONFLICT: {
    audience: 'client',
    httpStatus: 200,
    meaning: 'The idempotency key was used with another input; use a new key.',
  },
  TASK_FAILED: {
    audience: 'client',
    httpStatus: 200,
    meaning: 'Every candidate on the route failed; `attempts` reports each in order.',
  },
  ALREADY_EXISTS: { audience: 'client', httpStatus: 200, meaning: 'The id is taken; choose another or update what is there.' },
  NOT_FOUND: { audience: 'client', httpStatus: 200, meaning: 'Nothing with this id is in the tenant.' },
  INVALID_ROUTE_HINT: {
    audience: 'client',
    httpStatus: 403,
    meaning: 'The route hint is missing, forged, expired or made for another call; only the gateway makes them.',
  },
  CONTEXT_REQUIRED: {
    audience: 'client',
    httpStatus: 401,
    meaning: 'A subgraph answers the gateway only; send the operation to the gateway.',
  },
  FORBIDDEN: { audience: 'client', httpStatus: 403, meaning: 'The caller may not do this; the message names what is missing.' },
  REQUEST_TOO_LARGE: { audience: 'client', httpStatus: 413, meaning: 'The body is over 2 MB; send less.' },
  TRANSACTION_TIMEOUT: {
    audience: 'operator',
    httpStatus: 503,
    meaning: 'A database transaction took over 5 s and was rolled back; try again.',
  },
  DATA_DIR_IN_USE: {
    audience: 'operator',
    httpStatus: 500,
    meaning: 'Another process has the data directory open; stop it or set MESH_DATA_DIR.',
  },
  DATA_DIR_UNUSABLE: {
    audience: 'operator',
    httpStatus: 500,
    meaning: 'The data directory cannot be read or written; mend its permissions or set MESH_DATA_DIR.',
  },
  DATABASE_UNREACHABLE: {
    audience: 'operator',
    httpStatus: 503,
    meaning: 'PostgreSQL does not answer; check DATABASE_URL and the server.',
  },
  EVENT_LOG_UNREACHABLE: {
    audience: 'operator',
    httpStatus: 503,
    meaning: 'Kafka does not answer; check KAFKA_BROKERS and the brokers.',
  },
  MIGRATION_FAILED: {
    audience: 'operator',
    httpStatus: 500,
    meaning: 'A migration failed or was changed after it ran; the message names it. Nothing of it was kept.',
  },
  DAPR_UNREACHABLE: {
    audience: 'operator',
    httpStatus: 503,
    meaning: 'No Dapr sidecar answers; check DAPR_HTTP_PORT or DAPR_HTTP_ENDPOINT, and that daprd runs.',
  },
  PORT_IN_USE: {
    audience: 'operator',
    httpStatus: 500,
    meaning: 'The port is taken; stop what listens there or choose another.',
  },
  TOO_BUSY: { audience: 'client', httpStatus: 503, meaning: 'A queue is full; try again later.' },
  INTERNAL_SERVER_ERROR: {
    audience: 'internal',
    httpStatus: 500,
    meaning: 'Our fault; the log has the cause under the trace id.',
  },
} as const satisfies Record<string, ErrorDescription>;
