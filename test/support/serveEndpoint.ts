import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly response: ServerResponse;
  /** Resolves once the connection of this request is closed. */
  readonly disconnected: Promise<unknown>;
}

export type Behaviour = (request: ReceivedRequest) => void | Promise<void>;

/** An HTTP server on loopback that does whatever the test wants, good or bad. */
export interface Endpoint {
  readonly url: string;
  /** `127.0.0.1:port` */
  readonly host: string;
  /** In the order in which they came. */
  readonly requests: readonly ReceivedRequest[];
  behave(behaviour: Behaviour): void;
  /** Resolves with the next request that comes, or the last one that nobody has asked for yet. */
  nextRequest(): Promise<ReceivedRequest>;
  close(): Promise<void>;
}

/** `port` 0: any free one. */
export async function serveEndpoint(first: Behaviour, port = 0): Promise<Endpoint> {
  let behaviour = first;
  const requests: ReceivedRequest[] = [];
  let taken = 0;
  let wake: () => void = () => undefined;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    // Resets are part of what is tested.
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    const disconnected = new Promise((resolve) => request.socket.once('close', resolve));
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const received = { method, path: url, headers, body: Buffer.concat(chunks).toString(), response, disconnected };
      requests.push(received);
      wake();
      void behaviour(received);
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `http://${host}`,
    host,
    requests,
    behave: (next) => {
      behaviour = next;
    },
    nextRequest: async () => {
      while (requests.length <= taken) await new Promise<void>((resolve) => (wake = resolve));
      return requests[taken++]!;
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
      if (server.listening) await once(server, 'close');
    },
  };
}

export function json(status: number, body: unknown): Behaviour {
  return ({ response }) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
}

/** Takes the request and never answers. */
export const hang: Behaviour = () => undefined;

/** Closes the connection instead of answering. */
export const reset: Behaviour = ({ response }) => void response.socket?.resetAndDestroy();
