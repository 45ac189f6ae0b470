import { GraphQLError, type DocumentNode, type ExecutionArgs, type ExecutionResult, type GraphQLSchema } from 'graphql';
import { CloseCode, GRAPHQL_TRANSPORT_WS_PROTOCOL, makeServer } from 'graphql-ws';
import { setMaxListeners } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import type { Logger } from 'pino';
import { WebSocketServer, type WebSocket } from 'ws';
import { ANONYMOUS } from '../../subgraphs/shared/principal.js';
import { MAX_BODY_BYTES } from '../../subgraphs/shared/readBody.js';
import { LIMITS } from '../config/limits.js';
import type { Authenticate, Caller } from '../context/authenticate.js';
import { createCall, type Call } from '../context/createCall.js';
import { MeshError } from '../errors.js';
import { parsed } from '../execution/Outcome.js';
import { wholeAnswer, type Operation, type Operations } from '../pipeline/Operations.js';
import { validateOnce } from '../pipeline/validateOnce.js';
import { traceOperation } from '../telemetry/traceOperation.js';
import type { AllowsOrigin } from './allowedOrigins.js';
import { toClientError, toExecutionResult } from './clientError.js';
import type { Documents } from './documents/createDocuments.js';
import { refuseDeepJson } from './jsonDepth.js';
import { refuseOnSocket } from './refuseBrokenRequest.js';
import { readGraphqlRequest } from './request/graphqlRequest.js';

export interface WebSocketOptions {
  readonly operations: Operations;
  readonly authenticate: Authenticate;
  readonly documents: Documents;
  readonly allowsOrigin: AllowsOrigin;
  readonly clock: () => number;
  readonly randomHex: (bytes: number) => string;
  readonly log: Logger;
}

interface Connection {
  readonly request: IncomingMessage;
  /** Aborted when the socket is closed. */
  readonly gone: AbortSignal;
  caller: Caller;
  /** Why the caller was not let in. */
  refusal: string | null;
}

const KEEP_ALIVE_MS = 12_000;
/** RFC 6455, section 7.4.1. */
const GOING_AWAY = 1001;

/**
 * GraphQL over WebSocket (graphql-transport-ws) on the gateway's own port, at /graphql: subscriptions, queries and mutations. The token
 * is `connectionParams.authorization`; one that does not hold closes the socket with 4403 and the reason. `close` ends every subscription with 1001.
 */
export function attachWebSocket(server: Server, options: WebSocketOptions): { close(): Promise<void> } {
  const { allowsOrigin, log } = options;
  const protocol = createProtocol(options);
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_BODY_BYTES,
    handleProtocols: (offered) => (offered.has(GRAPHQL_TRANSPORT_WS_PROTOCOL) ? GRAPHQL_TRANSPORT_WS_PROTOCOL : false),
  });
  sockets.on('wsClientError', ({ message }, socket) =>
    refuseOnSocket(socket, ['400 Bad Request', 'BAD_USER_INPUT', `This is no WebSocket: ${message}`]),
  );
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    if (request.url?.split('?')[0] !== '/graphql')
      return refuseOnSocket(socket, ['404 Not Found', 'NOT_FOUND', 'WebSockets are at /graphql.']);
    if (!allowsOrigin(request.headers.origin, request.headers.host))
      return refuseOnSocket(socket, ['403 Forbidden', 'FORBIDDEN', 'Pages of this origin may not use this gateway.']);
    if (sockets.clients.size >= LIMITS.webSockets)
      return refuseOnSocket(socket, ['503 Service Unavailable', 'TOO_MANY_SUBSCRIPTIONS', 'There are too many WebSockets.']);
    sockets.handleUpgrade(request, socket, head, (webSocket) => serve(webSocket, request, protocol, log));
  });
  return {
    close: async () => {
      for (const client of sockets.clients) client.close(GOING_AWAY, 'The gateway is closing');
      // Those that do not answer the close in time are cut off.
      const cut = setTimeout(() => sockets.clients.forEach((client) => client.terminate()), 1_000);
      await Promise.all([...sockets.clients].map((client) => new Promise((resolve) => client.once('close', resolve))));
      clearTimeout(cut);
      sockets.close();
    },
  };
}

/** Between one socket and the protocol. A socket that misses a ping is dead. */
function serve(socket: WebSocket, request: IncomingMessage, protocol: ReturnType<typeof createProtocol>, log: Logger): void {
  const gone = new AbortController();
  setMaxListeners(0, gone.signal);
  let alive = true;
  const ping = setInterval(() => {
    if (!alive) return socket.terminate();
    alive = false;
    socket.ping();
  }, KEEP_ALIVE_MS);
  socket.on('pong', () => (alive = true));
  socket.on('error', (error) => log.debug({ err: error }, 'a WebSocket failed'));
  const connection: Connection = { request, gone: gone.signal, caller: { principal: ANONYMOUS, expiresAt: null }, refusal: null };
  const closed = protocol.opened(
    {
      protocol: socket.protocol,
      // Resolves when the text has left: a slow reader so holds back the events that are read for it.
      send: (text) =>
        new Promise((resolve) => {
          if (socket.readyState !== socket.OPEN) return resolve();
          socket.send(text, () => resolve());
        }),
      // graphql-ws itself knows only that it is forbidden.
      close: (code, reason) => socket.close(code, closeReason(connection.refusal ?? reason)),
      onMessage: (handle) =>
        socket.on('message', (data: Buffer) => {
          const text = data.toString('utf8');
          try {
            refuseDeepJson(text);
          } catch (error) {
            return socket.close(CloseCode.BadRequest, closeReason((error as Error).message));
          }
          handle(text).catch((error: unknown) => {
            log.error({ err: error }, 'a WebSocket message failed');
            socket.close(CloseCode.InternalServerError, 'Internal error');
          });
        }),
    },
    connection,
  );
  socket.once('close', (code, reason) => {
    clearInterval(ping);
    gone.abort();
    closed(code, reason.toString()).catch((error: unknown) => log.error({ err: error }, 'a WebSocket did not end well'));
  });
}

const MAX_REASON_BYTES = 123;

/** As much of it as a close frame may carry. */
function closeReason(text: string | undefined): string | undefined {
  let reason = text;
  while (reason !== undefined && Buffer.byteLength(reason) > MAX_REASON_BYTES) reason = reason.slice(0, -1);
  return reason;
}

function createProtocol({ operations, authenticate, documents, clock, randomHex, log }: WebSocketOptions) {
  const toSend = (error: unknown): GraphQLError => withoutStatus(toClientError(error, randomHex(16), log));
  const begin = ({ caller, gone, request }: Connection, deadline: boolean): Call =>
    createCall({ caller, headers: request.headers, overGet: false, gone, clock, randomHex, deadline });

  const execute = async (args: ExecutionArgs): Promise<ExecutionResult> => {
    let call: Call | undefined;
    try {
      call = begin(args.contextValue as Connection, true);
      return toExecutionResult(parsed(wholeAnswer(await operations.execute(toOperation(args), call))));
    } catch (error) {
      return { errors: [toSend(error)] };
    } finally {
      call?.end();
    }
  };
  const subscribe = async (args: ExecutionArgs): Promise<AsyncIterableIterator<ExecutionResult>> => {
    const call = begin(args.contextValue as Connection, false);
    return operations.subscribe(toOperation(args), call).catch((error: unknown) => {
      call.end();
      throw error;
    });
  };

  return makeServer<Record<string, unknown>, Connection>({
    connectionInitWaitTimeout: 5_000,
    onConnect: async ({ connectionParams, extra }) => {
      const { Authorization, authorization = Authorization } = connectionParams ?? {};
      try {
        extra.caller = await authenticate(authorization);
        return true;
      } catch (error) {
        if (error instanceof MeshError) extra.refusal = `${error.code}: ${error.message}`;
        return false;
      }
    },
    onSubscribe: ({ subscriptions, extra }, _id, payload) => {
      try {
        // The new one is among them already.
        if (Object.keys(subscriptions).length > LIMITS.operationsPerSocket)
          throw new MeshError(
            'TOO_MANY_SUBSCRIPTIONS',
            `A connection may run ${LIMITS.operationsPerSocket} operations at once. End some.`,
          );
        const asked = readGraphqlRequest(payload);
        const document = documents(asked).document();
        const schema = operations.schema();
        const errors = validationErrors(schema, document);
        if (errors.length > 0) return errors;
        const { operationName, variables } = asked;
        return { schema, document, operationName, variableValues: variables, contextValue: extra };
      } catch (error) {
        return [toSend(error)];
      }
    },
    execute: (args) => traceOperation(traceparentOf(args), () => execute(args)),
    subscribe: (args) => traceOperation(traceparentOf(args), () => subscribe(args)).catch(failing),
    onError: (_socket, _id, _payload, errors) => errors.map((error) => toSend(error).toJSON()),
  });
}

/** Of the request that opened the socket. */
function traceparentOf({ contextValue }: ExecutionArgs): string | string[] | undefined {
  return (contextValue as Connection).request.headers['traceparent'];
}

function toOperation({ schema, document, operationName, variableValues }: ExecutionArgs): Operation {
  return { schema, document, operationName: operationName ?? undefined, variables: variableValues ?? {} };
}

function validationErrors(schema: GraphQLSchema, document: DocumentNode): readonly GraphQLError[] {
  return validateOnce(schema, document).map(
    ({ message, nodes }) =>
      new GraphQLError(message, { nodes: nodes ?? null, extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }),
  );
}

function withoutStatus(error: GraphQLError): GraphQLError {
  const { http: _, ...extensions } = error.extensions;
  return new GraphQLError(error.message, { nodes: error.nodes ?? null, path: error.path ?? null, extensions });
}

/** The protocol reports an error of a stream as such; a result with errors would look like an event. */
function failing(error: unknown): AsyncIterableIterator<ExecutionResult> {
  const done = { value: undefined, done: true } as const;
  const iterator: AsyncIterableIterator<ExecutionResult> = {
    next: () => Promise.reject(error),
    return: () => Promise.resolve(done),
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
}
