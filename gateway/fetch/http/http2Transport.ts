import { Buffer } from 'node:buffer';
import { connect, constants, type ClientHttp2Session } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { socketOptions, type Address } from './Address.js';
import { tooLarge } from './AnswerParser.js';
import {
  checkEncoding,
  JSON_HEADERS,
  TransportError,
  type HttpRequest,
  type Receiver,
  type Transport,
  type TransportLimits,
} from './Transport.js';

/** What is left unused for so long is closed. */
const IDLE_MS = 60_000;
/** How long a server may take to show that it is still there, once a request was given up. */
const PING_MS = 5_000;

interface Session {
  readonly http2: ClientHttp2Session;
  /** Whether a connection ever came about. */
  isConnected: boolean;
}

/**
 * HTTP/2: all requests over one connection, made when it is needed and again when the server lets go of it (GOAWAY). With `first`,
 * a connection that is there already.
 */
export function http2Transport(address: Address, limits: TransportLimits, first?: TLSSocket): Transport {
  let current: Session | undefined;
  const open = new Set<ClientHttp2Session>();
  let isClosing = false;

  const sessionNow = (given?: TLSSocket): Session => {
    if (current && !current.http2.closed && !current.http2.destroyed) return current;
    const opened = openSession(address, limits, given);
    open.add(opened.http2);
    opened.http2.once('close', () => open.delete(opened.http2));
    // A server that lets go of the connection answers what it has; what comes now needs another.
    opened.http2.once('goaway', () => {
      if (current === opened) current = undefined;
    });
    return (current = opened);
  };
  if (first) sessionNow(first);

  return {
    send: (request, receiver) => {
      if (isClosing) {
        queueMicrotask(() => receiver.failed(new TransportError('unreachable', 'the client is closed')));
        return () => undefined;
      }
      return exchange(sessionNow, address, limits, request, receiver);
    },
    close: async () => {
      isClosing = true;
      const ends = [...open].map((each) => new Promise<void>((resolve) => void each.once('close', resolve)));
      for (const each of open) each.close();
      await Promise.all(ends);
    },
  };
}

function openSession(address: Address, { connectTimeoutMs }: TransportLimits, given?: TLSSocket): Session {
  const { isSecure, authority } = address;
  const opened = connect(`${isSecure ? 'https' : 'http'}://${authority}`, {
    ...socketOptions(address),
    settings: { enablePush: false, initialWindowSize: 1024 * 1024 },
    ...(given && { createConnection: () => given }),
  });
  const timer = setTimeout(() => {
    opened.destroy(new Error(`no connection came about within ${connectTimeoutMs} ms`));
  }, connectTimeoutMs);
  const session: Session = { http2: opened, isConnected: false };
  opened.once('connect', () => {
    clearTimeout(timer);
    session.isConnected = true;
    // Over all streams together, or one large answer would stop the others.
    opened.setLocalWindowSize(16 * 1024 * 1024);
  });
  opened.once('close', () => clearTimeout(timer));
  opened.setTimeout(IDLE_MS, () => opened.close());
  // Each of its streams fails by itself; a connection without any has nobody to tell.
  opened.on('error', () => undefined);
  return session;
}

function exchange(
  sessionNow: () => Session,
  address: Address,
  { maxResponseBytes }: TransportLimits,
  request: HttpRequest,
  receiver: Receiver,
): () => void {
  let isOver = false;
  let cancel = (): void => undefined;
  const fail = (error: TransportError): void => {
    if (isOver) return;
    isOver = true;
    receiver.failed(error);
    cancel();
  };

  const start = (mayRepeat: boolean): void => {
    const session = sessionNow();
    const wasKept = session.isConnected;
    let status = 0;
    let retryAfter: string | undefined;
    const chunks: Buffer[] = [];
    let size = 0;
    const stream = session.http2.request({
      ':method': 'POST',
      ':path': address.path,
      ...JSON_HEADERS,
      ...request.headers,
      'content-length': String(Buffer.byteLength(request.body)),
    });
    let isGone = false;
    const broken = (cause: Error): void => {
      if (isOver || isGone) return;
      isGone = true;
      // A refused stream was not worked on. With a kept connection that is closed meanwhile the same is likely.
      const isRefused = stream.rstCode === constants.NGHTTP2_REFUSED_STREAM;
      const wasClosed = wasKept && (session.http2.destroyed || session.http2.closed);
      if (mayRepeat && status === 0 && (isRefused || (wasClosed && request.isRepeatable))) return begin(false);
      fail(new TransportError(session.isConnected ? 'broken' : 'unreachable', cause.message, { cause: cause.cause ?? cause }));
    };
    cancel = () => {
      stream.close(constants.NGHTTP2_CANCEL);
      probe(session.http2);
    };
    stream
      .on('response', (headers) => {
        status = headers[':status'] ?? 0;
        retryAfter = headers['retry-after'];
        try {
          checkEncoding(headers['content-encoding']);
        } catch (error) {
          fail(error as TransportError);
        }
      })
      .on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > maxResponseBytes) return fail(tooLarge(maxResponseBytes));
        chunks.push(chunk);
      })
      .on('end', () => {
        if (isOver || isGone || stream.rstCode !== constants.NGHTTP2_NO_ERROR || status === 0) return;
        isOver = true;
        receiver.answered(status, chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size), retryAfter);
      })
      .on('error', broken)
      .on('close', () => broken(new Error(`the stream was closed (${stream.rstCode})`)));
    stream.end(request.body);
  };

  const begin = (mayRepeat: boolean): void => {
    try {
      start(mayRepeat);
    } catch (cause) {
      queueMicrotask(() => fail(new TransportError('broken', (cause as Error).message, { cause })));
    }
  };
  begin(true);
  return () => {
    if (isOver) return;
    isOver = true;
    cancel();
  };
}

/** A request was given up. When that is because nothing comes through any more, the requests after it get another connection. */
function probe(session: ClientHttp2Session): void {
  if (session.destroyed || session.closed || session.connecting) return;
  const timer = setTimeout(() => session.destroy(), PING_MS).unref();
  if (!session.ping(() => clearTimeout(timer))) clearTimeout(timer);
}
