import { validate, type DocumentNode } from 'graphql';
import type { Logger } from 'pino';
import type { AskMesh } from '../../subgraphs/shared/Subgraph.js';
import { currentTraceparent } from '../../subgraphs/shared/telemetry/withSpan.js';
import { createCall, type Call } from '../context/createCall.js';
import { MeshError } from '../errors.js';
import { parsed } from '../execution/Outcome.js';
import { wholeAnswer, type Operations } from '../pipeline/Operations.js';
import { traceOperation } from '../telemetry/traceOperation.js';
import { toClientError } from './clientError.js';

export interface AskOptions {
  readonly operations: Operations;
  readonly checkOperation: (source: string) => DocumentNode;
  /** Whether the gateway takes no more operations. */
  readonly closing: () => boolean;
  readonly clock: () => number;
  readonly randomHex: (bytes: number) => string;
  readonly log: Logger;
}

/**
 * Operations of subgraphs, which have no token: the principal is given by who is trusted to (one process, or a signed context).
 * The same limits, governance, routing and accounts as for everybody. Rejects with TOO_BUSY when the gateway is closing.
 */
export function askInProcess({ operations, checkOperation, closing, clock, randomHex, log }: AskOptions): AskMesh {
  const ask: AskMesh = async (principal, { query, variables = {}, operationName }) => {
    if (closing()) throw new MeshError('TOO_BUSY', 'The gateway is closing.');
    // Nobody hangs up on an operation that has no connection: its deadline ends it.
    const gone = new AbortController().signal;
    let call: Call | undefined;
    try {
      const caller = { principal, expiresAt: null };
      call = createCall({ caller, headers: {}, overGet: false, gone, clock, randomHex });
      const document = checkOperation(query);
      const schema = operations.schema();
      const [invalid] = validate(schema, document);
      if (invalid) throw new MeshError('GRAPHQL_VALIDATION_FAILED', invalid.message);
      return parsed(wholeAnswer(await operations.execute({ schema, document, operationName, variables }, call)));
    } catch (error) {
      const { message, extensions } = toClientError(error, call?.traceId ?? 'ask', log);
      const { http: _, ...shown } = extensions;
      return { data: null, errors: [{ message, extensions: shown }] };
    } finally {
      call?.end();
    }
  };
  return (principal, request) => traceOperation(currentTraceparent(), () => ask(principal, request));
}
