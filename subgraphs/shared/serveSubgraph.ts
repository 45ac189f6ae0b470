import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { MeshError, SHARED_ERRORS } from './errors.js';
import { readBody } from './readBody.js';
import { CONTEXT_HEADER, verifyContext } from './requestContext.js';
import type { Subgraph, SubgraphRequest } from './Subgraph.js';

export interface ServeOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly internalKey: Uint8Array;
  readonly clock: () => number;
  readonly log: Logger;
}

/**
 * POST /graphql, for the gateway only: a call without a valid signed context is refused with CONTEXT_REQUIRED before anything of it
 * is read as GraphQL, `_service` included. GET /healthz. Throws PORT_IN_USE. `close` stops accepting and lets running calls end.
 */
export async function serveSubgraph(
  subgraph: Subgraph,
  options: ServeOptions,
): Promise<{ port: number; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    handle(subgraph, options, request).then(
      ({ status, body }) => send(response, status, body),
      (error: unknown) => {
        if (!(error instanceof MeshError)) options.log.error({ err: error }, 'a subgraph request failed');
        const { code, message } =
          error instanceof MeshError ? error : { code: 'INTERNAL_SERVER_ERROR', message: 'Internal error' };
        const status = code in SHARED_ERRORS ? SHARED_ERRORS[code as keyof typeof SHARED_ERRORS].httpStatus : 500;
        send(response, status, { errors: [{ message, extensions: { code } }] });
      },
    );
  });
  const { host, port } = options;
  server.listen(port, host);
  await once(server, 'listening').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'EADDRINUSE') throw cause;
    throw new MeshError(
      'PORT_IN_USE',
      `Port ${port} on ${host} is taken. Stop what listens there, or choose another with --port.`,
      { cause },
    );
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.close();
      server.closeIdleConnections();
      if (server.listening) await once(server, 'close');
    },
  };
}

async function handle(
  subgraph: Subgraph,
  { internalKey, clock }: ServeOptions,
  request: IncomingMessage,
): Promise<{ status: number; body: object }> {
  const path = request.url?.split('?')[0];
  if (request.method === 'GET' && path === '/healthz') return { status: 200, body: { status: 'ok' } };
  if (request.method !== 'POST' || path !== '/graphql') {
    return { status: 404, body: { errors: [{ message: 'Only POST /graphql is here.', extensions: { code: 'NOT_FOUND' } }] } };
  }
  const text = await readBody(request);
  const header = request.headers[CONTEXT_HEADER];
  const context = await verifyContext(typeof header === 'string' ? header : undefined, subgraph.name, text, internalKey, clock());
  return { status: 200, body: await subgraph.execute(parseRequest(text), context) };
}

function parseRequest(text: string): SubgraphRequest {
  try {
    const parsed: unknown = JSON.parse(text);
    if (parsed !== null && typeof parsed === 'object' && 'query' in parsed && typeof parsed.query === 'string')
      return parsed as SubgraphRequest;
  } catch {
    // Answered below, like JSON without a query.
  }
  throw new MeshError('BAD_USER_INPUT', 'The body is not JSON with a `query`.');
}

function send(response: ServerResponse, status: number, body: object): void {
  if (response.destroyed) return;
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': bytes.length,
    ...(status === 413 && { connection: 'close' }),
  });
  response.end(bytes);
}
