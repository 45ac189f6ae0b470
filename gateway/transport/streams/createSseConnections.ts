import type { Logger } from 'pino';
import { setMaxListeners } from 'node:events';
import type { Siblings } from '../../cluster/Siblings.js';
import { LIMITS } from '../../config/limits.js';
import type { Caller } from '../../context/authenticate.js';
import { MeshError } from '../../errors.js';
import { failedAnswer, textOf } from '../answer/Answer.js';
import type { Exchange } from '../answer/writeAnswer.js';
import type { Asking, Outcome } from '../performOperation.js';
import type { GraphqlRequest } from '../request/graphqlRequest.js';
import type { Outlet, Streams } from './createStreams.js';
import { pump } from './pump.js';
import { SSE_SHARED, sharedComplete, sharedNext } from './StreamForm.js';

export const TOKEN_HEADER = 'x-graphql-event-stream-token';

/** Milliseconds between a reservation and its stream. */
const UNUSED_MS = 30_000;

export interface SseConnections {
  /** A token for one stream. Throws TOO_MANY_SUBSCRIPTIONS. */
  reserve(caller: Caller): string;
  /** The address of the worker that has it, when this one has not. */
  elsewhere(token: string): string | null;
  /** Opens it. Throws STREAM_NOT_FOUND, STREAM_CONFLICT. */
  open(token: string, caller: Caller, exchange: Exchange): void;
  /** Runs an operation in it and returns at once: what comes of it goes into the stream. Throws like `open`, and TOO_MANY_SUBSCRIPTIONS. */
  start(token: string, asked: GraphqlRequest, asking: Pick<Asking, 'caller' | 'headers'>): void;
  /** Ends an operation of it, if it is still there. Throws STREAM_NOT_FOUND. */
  stop(token: string, caller: Caller, operationId: string | null): void;
  /** Forgets what nobody has opened. */
  close(): void;
}

interface Connection {
  readonly owner: string;
  readonly expiry: NodeJS.Timeout;
  outlet: Outlet | null;
  /** By id; aborting one ends it. */
  readonly operations: Map<string, AbortController>;
}

interface Options {
  readonly streams: Streams;
  readonly perform: (asked: GraphqlRequest, asking: Asking) => Promise<Outcome>;
  readonly randomHex: (bytes: number) => string;
  /** Left out: this process serves alone. */
  readonly siblings?: Siblings | undefined;
  readonly log: Logger;
}

/**
 * Server-sent events in graphql-sse's single connection mode: many operations over one stream, for clients with few connections. PUT
 * reserves a stream and answers with its token, GET opens it, POST starts an operation in it, DELETE ends one. The token is sent in a header
 * and never in a URL, which gets into logs; it is good only together with the Authorization that reserved it. Where several workers serve,
 * a stream lives where it was reserved, and the token begins with the number of that worker.
 */
export function createSseConnections({ streams, perform, randomHex, siblings, log }: Options): SseConnections {
  const connections = new Map<string, Connection>();
  const forget = (token: string): void => {
    clearTimeout(connections.get(token)?.expiry);
    connections.delete(token);
  };
  const find = (token: string, caller: Caller): Connection => {
    const found = connections.get(token);
    if (found?.owner === ownerOf(caller)) return found;
    throw new MeshError('STREAM_NOT_FOUND', 'There is no event stream of this token and this caller. Reserve one with PUT.');
  };

  const run = async (
    id: string,
    outlet: Outlet,
    gone: AbortSignal,
    asked: GraphqlRequest,
    asking: Pick<Asking, 'caller' | 'headers'>,
  ): Promise<void> => {
    const ways = { isRead: false, takesWhole: true, takesParts: false, takesEvents: true };
    const outcome = await perform(asked, { ...asking, ...ways, gone });
    if (outcome.kind === 'whole' && !gone.aborted) await outlet.write(sharedNext(id, textOf(outcome.answer)));
    if (outcome.kind !== 'events') return;
    try {
      await pump(outcome.events, gone, (result) => outlet.write(sharedNext(id, JSON.stringify(result))));
    } catch (error) {
      await outlet.write(sharedNext(id, textOf(failedAnswer(error, outcome.traceId, log))));
    }
  };

  return {
    reserve: (caller) => {
      streams.refuseClosing();
      if (connections.size >= LIMITS.eventStreams)
        throw new MeshError('TOO_MANY_SUBSCRIPTIONS', `The gateway has ${LIMITS.eventStreams} event streams. Try again later.`);
      const token = siblings ? `${siblings.number}.${randomHex(32)}` : randomHex(32);
      const expiry = setTimeout(() => forget(token), UNUSED_MS).unref();
      connections.set(token, { owner: ownerOf(caller), expiry, outlet: null, operations: new Map() });
      return token;
    },
    elsewhere: (token) => {
      const worker = Number(/^(\d{1,3})\./.exec(token)?.[1]);
      return siblings && worker !== siblings.number ? siblings.addressOf(worker) : null;
    },
    open: (token, caller, exchange) => {
      streams.refuseClosing();
      const connection = find(token, caller);
      if (connection.outlet) throw new MeshError('STREAM_CONFLICT', 'The event stream of this token is open already.');
      clearTimeout(connection.expiry);
      connection.outlet = streams.open(exchange, SSE_SHARED);
      const ended = (): void => {
        forget(token);
        for (const operation of connection.operations.values()) operation.abort();
      };
      if (exchange.gone.aborted) ended();
      else exchange.gone.addEventListener('abort', ended, { once: true });
    },
    start: (token, asked, asking) => {
      const { outlet, operations } = find(token, asking.caller);
      const id = asked.extensions['operationId'];
      if (typeof id !== 'string' || id === '')
        throw new MeshError('BAD_USER_INPUT', '`extensions.operationId` must name the operation within its event stream.');
      if (!outlet) throw new MeshError('STREAM_CONFLICT', 'The event stream is not open yet. Open it with GET.');
      if (operations.has(id)) throw new MeshError('STREAM_CONFLICT', 'The event stream has an operation of this id.');
      if (operations.size >= LIMITS.operationsPerSocket)
        throw new MeshError(
          'TOO_MANY_SUBSCRIPTIONS',
          `An event stream may run ${LIMITS.operationsPerSocket} operations at once.`,
        );
      const gone = new AbortController();
      setMaxListeners(0, gone.signal);
      operations.set(id, gone);
      run(id, outlet, gone.signal, asked, asking)
        .catch((error: unknown) => log.error({ err: error }, 'an operation of an event stream did not end well'))
        .finally(() => {
          operations.delete(id);
          if (!gone.signal.aborted) void outlet.write(sharedComplete(id));
        });
    },
    stop: (token, caller, operationId) => {
      const { operations } = find(token, caller);
      if (operationId === null) throw new MeshError('BAD_USER_INPUT', 'The parameter `operationId` must name an operation.');
      operations.get(operationId)?.abort();
    },
    close: () => {
      for (const token of connections.keys()) forget(token);
    },
  };
}

function ownerOf({ principal }: Caller): string {
  return JSON.stringify(principal);
}
