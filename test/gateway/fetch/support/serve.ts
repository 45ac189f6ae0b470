import { once } from 'node:events';
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import { createSecureServer, createServer as createHttp2, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo, Server, Socket } from 'node:net';
import { testCertificate } from '../../../support/testCertificate.js';

export type Asked = IncomingMessage | Http2ServerRequest;
export type Answering = ServerResponse | Http2ServerResponse;
export type Listener = (request: Asked, response: Answering) => void;

export interface Served {
  readonly url: string;
  readonly ca: string | undefined;
  readonly server: Server;
  /** Connections so far. */
  connections(): number;
  close(): Promise<void>;
}

export type Wire = 'HTTP/1.1' | 'HTTP/1.1 over TLS' | 'HTTP/2 over TLS' | 'HTTP/2 without TLS';
export const WIRES: readonly Wire[] = ['HTTP/1.1', 'HTTP/1.1 over TLS', 'HTTP/2 over TLS', 'HTTP/2 without TLS'];

const certificate = testCertificate();

/** A server on a free port that answers with `listener`, over any of the ways that a subgraph may be reached. */
export async function serve(wire: Wire, listener: Listener): Promise<Served> {
  const answer = listener as never;
  const server: Server =
    wire === 'HTTP/1.1'
      ? createHttp(answer)
      : wire === 'HTTP/1.1 over TLS'
        ? createHttps(certificate, answer)
        : wire === 'HTTP/2 over TLS'
          ? createSecureServer(certificate, answer)
          : createHttp2(answer);
  const isSecure = wire.endsWith('over TLS');
  return listening(server, isSecure ? certificate.cert : undefined);
}

/** Starts a server and notes its connections, so that closing it leaves none. */
export async function listening(server: Server, ca?: string): Promise<Served> {
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on('connection', (socket: Socket) => {
    connections++;
    sockets.add(socket.on('error', () => undefined).once('close', () => sockets.delete(socket)));
  });
  server.on('sessionError', () => undefined).on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `${ca === undefined ? 'http' : 'https'}://127.0.0.1:${port}/graphql`,
    ca,
    server,
    connections: () => connections,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** Cuts the connection, or the stream. */
export function cut(response: Answering): void {
  if ('stream' in response) response.stream.close(2);
  else response.destroy();
}
