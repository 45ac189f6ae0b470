import type { Address } from './Address.js';
import { Http1Connection, type ConnectionOwner, type Http1Exchange } from './Http1Connection.js';
import { TransportError, type HttpRequest, type Transport, type TransportLimits } from './Transport.js';

/** Milliseconds between two looks at the connections that nobody uses. */
const SWEEP_MS = 1_000;

/**
 * HTTP/1.1 over connections that are kept, on sockets of its own. With small answers on one core a request took 15 µs of CPU, where
 * undici's `dispatch` took 25, its `request` with abort signals 57 and node:http 76: what they do for streams, redirects, proxies and
 * upgrades has no use here.
 */
export function http1Transport(address: Address, limits: TransportLimits): Transport {
  const open = new Set<Http1Connection>();
  /** The one used last comes first: the others grow old and go. */
  const idle: Http1Connection[] = [];
  let sweeper: NodeJS.Timeout | undefined;
  let closing: { readonly promise: Promise<void>; resolve(): void } | undefined;

  const owner: ConnectionOwner = {
    freed: (connection) => {
      if (closing) return connection.destroy();
      idle.push(connection);
      sweeper ??= setInterval(sweep, SWEEP_MS).unref();
    },
    ended: (connection) => {
      open.delete(connection);
      const index = idle.indexOf(connection);
      if (index >= 0) idle.splice(index, 1);
      if (open.size === 0) closing?.resolve();
    },
    again: (request, exchange) => connectAnd(request, exchange),
  };

  function sweep(): void {
    const now = performance.now();
    for (const connection of idle.filter(({ idleUntil }) => idleUntil <= now)) connection.destroy();
    if (idle.length > 0) return;
    clearInterval(sweeper);
    sweeper = undefined;
  }

  function connectAnd(request: HttpRequest, exchange: Http1Exchange): void {
    const connection = new Http1Connection(address, owner, limits);
    open.add(connection);
    connection.send(request, exchange);
  }

  return {
    send: (request, receiver) => {
      const exchange: Http1Exchange = { receiver, connection: null };
      if (closing) {
        queueMicrotask(() => receiver.failed(new TransportError('unreachable', 'the client is closed')));
        return () => undefined;
      }
      const now = performance.now();
      let kept = idle.pop();
      while (kept && kept.idleUntil <= now) {
        kept.destroy();
        kept = idle.pop();
      }
      if (kept) kept.send(request, exchange);
      else connectAnd(request, exchange);
      return () => exchange.connection?.destroy();
    },
    close: () => {
      if (!closing) {
        let resolve = (): void => undefined;
        const promise = new Promise<void>((done) => (resolve = done));
        closing = { promise, resolve };
        clearInterval(sweeper);
        for (const connection of idle.slice()) connection.destroy();
        if (open.size === 0) resolve();
      }
      return closing.promise;
    },
  };
}
