import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { LIMITS } from '../config/limits.js';
import { MeshError } from '../errors.js';
import { corsHeaders, mayAsk, METHODS, preflightHeaders, type AllowsOrigin } from './allowedOrigins.js';
import { refuseBrokenRequest } from './refuseBrokenRequest.js';
import { sendJson, sendText } from './sendText.js';
import { serveFile } from './staticFiles.js';

export interface HttpServerOptions {
  readonly graphql: (request: IncomingMessage, response: ServerResponse, cors: Record<string, string>) => Promise<void>;
  /** What subgraphs POST to, by path. They check by themselves who asks. */
  readonly internal: ReadonlyMap<string, (request: IncomingMessage, response: ServerResponse) => Promise<void>>;
  /** Null: ready. Otherwise what is missing. */
  readonly missing: () => readonly string[];
  readonly metrics: () => Promise<string>;
  readonly consoleFolder: string;
  readonly allowsOrigin: AllowsOrigin;
  readonly log: Logger;
}

/** Every path of the gateway's port. Nothing is read of a body here. */
export function createHttpServer(options: HttpServerOptions): Server {
  const server = createServer(
    { requestTimeout: 60_000, headersTimeout: 15_000, keepAliveTimeout: 65_000 },
    (request, response) => {
      route(options, request, response).catch((error: unknown) => {
        options.log.error({ err: error }, 'a request failed');
        sendJson(response, 500, errorBody('INTERNAL_SERVER_ERROR', 'Internal error'));
      });
    },
  );
  server.maxConnections = LIMITS.connections;
  server.on('clientError', refuseBrokenRequest);
  return server;
}

async function route(options: HttpServerOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = request.url!.split('?')[0]!;
  const { method = 'GET' } = request;
  const isRead = method === 'GET' || method === 'HEAD';
  if (path === '/graphql' || path === '/') {
    if (isRead && path === '/' && !request.headers.accept?.includes('text/html') && !request.url!.includes('?'))
      return signpost(response);
    return routeGraphql(options, request, response);
  }
  if (path === '/healthz' && isRead) return sendJson(response, 200, { status: 'ok' });
  if (path === '/readyz' && isRead) {
    const missing = options.missing();
    return sendJson(
      response,
      missing.length === 0 ? 200 : 503,
      missing.length === 0 ? { status: 'ready' } : { status: 'waiting', missing },
    );
  }
  if (path === '/metrics' && isRead)
    return sendText(response, 200, await options.metrics(), { 'content-type': 'text/plain; version=0.0.4' });
  const internal = method === 'POST' ? options.internal.get(path) : undefined;
  if (internal) return internal(request, response);
  // Its pages name their parts by the full path, so the slash is only for the address bar.
  if (path === '/graphiql' && isRead) return sendText(response, 308, '', { location: '/graphiql/' });
  if (path.startsWith('/graphiql/') && isRead)
    return serveFile(options.consoleFolder, path.slice('/graphiql'.length), response, method === 'HEAD');
  sendText(response, 404, 'There is nothing here. GraphQL is at /graphql, GraphiQL at /graphiql.\n');
}

async function routeGraphql(options: HttpServerOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { origin } = request.headers;
  if (!mayAsk(options.allowsOrigin, request.headers)) {
    const message =
      'Pages of this origin may not use this gateway (MESH_CORS_ORIGINS; development tokens are for pages of this machine).';
    return sendJson(response, 403, errorBody('FORBIDDEN', message));
  }
  if (request.method === 'OPTIONS') return sendText(response, 204, '', preflightHeaders(origin));
  const cors = corsHeaders(origin);
  if (!METHODS.split(', ').includes(request.method ?? ''))
    return sendJson(response, 405, errorBody('BAD_USER_INPUT', 'Send GET or POST.'), { ...cors, allow: METHODS });
  await options.graphql(request, response, cors);
}

function signpost(response: ServerResponse): void {
  sendText(response, 200, 'Agent Mesh Gateway\nGraphQL: POST /graphql, WebSocket /graphql\nGraphiQL: /graphiql\n');
}

export function errorBody(code: string, message: string): object {
  return { errors: [{ message, extensions: { code } }] };
}

/** Resolves to the port. Throws PORT_IN_USE, and INVALID_CONFIGURATION for an address that is not of this machine. */
export async function listen(server: Server, host: string, port: number): Promise<number> {
  server.listen(port, host);
  await once(server, 'listening').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'EADDRINUSE')
      throw new MeshError('PORT_IN_USE', `Port ${port} on ${host} is taken. Stop what listens there, or set PORT or --port.`, {
        cause,
      });
    throw new MeshError('INVALID_CONFIGURATION', `The gateway cannot listen on HOST ${host}, PORT ${port}: ${cause.message}`, {
      cause,
    });
  });
  return (server.address() as AddressInfo).port;
}

/** Listens at a socket in the file system, in the place of whoever has died there. */
export async function listenAt(server: Server, path: string): Promise<void> {
  await rm(path, { force: true });
  // A cluster's workers would share it.
  server.listen({ path, exclusive: true });
  await once(server, 'listening');
}
