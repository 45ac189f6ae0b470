import { connect } from 'node:tls';
import { socketOptions, type Address } from './Address.js';
import { http1Transport } from './http1Transport.js';
import { http2Transport } from './http2Transport.js';
import { TransportError, type HttpRequest, type Receiver, type Transport, type TransportLimits } from './Transport.js';

interface Waiting {
  readonly request: HttpRequest;
  readonly receiver: Receiver;
  cancel: () => void;
}

/**
 * HTTP/2 where the server speaks it over TLS (ALPN), else HTTP/1.1. The first connection tells; requests wait for that. A server that
 * cannot be reached is asked again by the next request.
 */
export function negotiatedTransport(address: Address, limits: TransportLimits): Transport {
  let chosen: Transport | undefined;
  let isAsking = false;
  let isClosed = false;
  const waiting = new Set<Waiting>();

  const failAll = (error: TransportError): void => {
    const failed = [...waiting];
    waiting.clear();
    for (const { receiver } of failed) receiver.failed(error);
  };

  const ask = (): void => {
    isAsking = true;
    const socket = connect({ ...socketOptions(address), ALPNProtocols: ['h2', 'http/1.1'] });
    const end = (error: TransportError | null): void => {
      clearTimeout(timer);
      isAsking = false;
      socket
        .removeAllListeners('secureConnect')
        .removeAllListeners('error')
        .on('error', () => undefined);
      if (error || isClosed) {
        socket.destroy();
        return failAll(error ?? new TransportError('unreachable', 'the client is closed'));
      }
      const isHttp2 = socket.alpnProtocol === 'h2';
      const transport = isHttp2 ? http2Transport(address, limits, socket) : http1Transport(address, limits);
      // One connection is not worth two ways to make one.
      if (!isHttp2) socket.destroy();
      chosen = transport;
      for (const each of waiting) each.cancel = transport.send(each.request, each.receiver);
      waiting.clear();
    };
    const timer = setTimeout(() => {
      end(new TransportError('unreachable', `no connection came about within ${limits.connectTimeoutMs} ms`));
    }, limits.connectTimeoutMs);
    socket
      .once('secureConnect', () => end(null))
      .once('error', (cause) => end(new TransportError('unreachable', cause.message, { cause })));
  };

  return {
    send: (request, receiver) => {
      if (chosen) return chosen.send(request, receiver);
      const entry: Waiting = { request, receiver, cancel: () => void waiting.delete(entry) };
      waiting.add(entry);
      if (!isAsking) ask();
      return () => entry.cancel();
    },
    close: async () => {
      isClosed = true;
      await chosen?.close();
    },
  };
}
