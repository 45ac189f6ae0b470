import { Buffer } from 'node:buffer';
import { connect as connectNet, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { AnswerParser } from './AnswerParser.js';
import { socketOptions, type Address } from './Address.js';
import { TransportError, type HttpRequest, type Receiver, type TransportLimits } from './Transport.js';

/** Unless the server says how long it keeps a connection: less than the 5 s of Node's own servers. */
const IDLE_MS = 4_000;
/** What a connection is given up earlier than the server would. */
const IDLE_MARGIN_MS = 1_000;
const MAX_IDLE_MS = 60_000;
const READ_BYTES = 64 * 1024;

export interface ConnectionOwner {
  /** The connection is free, and open until `idleUntil` (performance.now()). */
  freed(connection: Http1Connection): void;
  /** The connection is gone for good. */
  ended(connection: Http1Connection): void;
  /** A kept connection was closed before the first byte of the answer: the request goes over a fresh one. */
  again(request: HttpRequest, exchange: Http1Exchange): void;
}

/** One request and who is told how it ended. It may move to another connection once. */
export interface Http1Exchange {
  readonly receiver: Receiver;
  connection: Http1Connection | null;
}

/** One connection, one request at a time: what is pipelined behind a slow answer would wait for it. */
export class Http1Connection {
  idleUntil = 0;
  private readonly socket: Socket;
  private readonly parser: AnswerParser;
  private readonly connectTimer: NodeJS.Timeout;
  private request: HttpRequest | null = null;
  private exchange: Http1Exchange | null = null;
  private isConnected = false;
  private hasServed = false;
  private hasAnswerBegun = false;
  private isOver = false;

  private readonly address: Address;
  private readonly owner: ConnectionOwner;

  constructor(address: Address, owner: ConnectionOwner, limits: TransportLimits) {
    this.address = address;
    this.owner = owner;
    this.parser = new AnswerParser(limits.maxResponseBytes);
    const read = (bytes: Buffer): void => this.read(bytes);
    if (address.isSecure) {
      this.socket = connectTls({ ...socketOptions(address), ALPNProtocols: ['http/1.1'] }).on('data', read);
    } else {
      // One buffer for the life of the connection, in place of a new one for each read.
      const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
      const callback = (size: number): boolean => {
        read(buffer.subarray(0, size));
        return true;
      };
      this.socket = connectNet({ ...socketOptions(address), onread: { buffer, callback } });
    }
    this.connectTimer = setTimeout(() => {
      this.fail(new TransportError('unreachable', `no connection came about within ${limits.connectTimeoutMs} ms`));
    }, limits.connectTimeoutMs);
    this.socket
      .setNoDelay(true)
      .once(address.isSecure ? 'secureConnect' : 'connect', () => {
        clearTimeout(this.connectTimer);
        this.isConnected = true;
      })
      .once('end', () => this.ended())
      .on('error', (cause) => {
        const kind = this.isConnected ? 'broken' : 'unreachable';
        this.fail(new TransportError(kind, cause.message, { cause }));
      })
      .once('close', () => this.fail(new TransportError('broken', 'the connection was closed')));
  }

  send(request: HttpRequest, exchange: Http1Exchange): void {
    this.request = request;
    this.exchange = exchange;
    exchange.connection = this;
    this.hasAnswerBegun = false;
    this.parser.next();
    const { body, headers } = request;
    let head = this.address.head;
    for (const name in headers) head += `${name}: ${headers[name]}\r\n`;
    const length = Buffer.byteLength(body);
    // Text without other characters goes out byte for byte, which is cheaper than encoding it.
    this.socket.write(`${head}content-length: ${length}\r\n\r\n${body}`, length === body.length ? 'latin1' : 'utf8');
  }

  /** Ends it without a word to whoever waits. */
  destroy(): void {
    if (this.isOver) return;
    this.isOver = true;
    clearTimeout(this.connectTimer);
    this.letGo();
    this.socket.destroy();
    this.owner.ended(this);
  }

  /** What comes of the connection is no longer for the exchange. */
  private letGo(): Http1Exchange | null {
    const { exchange } = this;
    if (exchange) exchange.connection = null;
    this.exchange = this.request = null;
    return exchange;
  }

  private read(bytes: Buffer): void {
    // Nothing was asked: whatever this is, no later answer may be mistaken for it.
    if (!this.exchange) return this.destroy();
    this.hasAnswerBegun = true;
    try {
      if (this.parser.feed(bytes)) this.answered();
    } catch (error) {
      this.fail(error as TransportError);
    }
  }

  private ended(): void {
    if (!this.exchange) return this.destroy();
    try {
      if (this.parser.end()) this.answered();
    } catch (error) {
      this.fail(error as TransportError);
    }
  }

  private answered(): void {
    const { parser, socket } = this;
    const { receiver } = this.letGo()!;
    this.hasServed = true;
    const keepMs = parser.keepAliveMs === undefined ? IDLE_MS : Math.min(parser.keepAliveMs - IDLE_MARGIN_MS, MAX_IDLE_MS);
    // An answer that comes before the request is out leaves the rest of it on the way.
    if (parser.isLast || parser.hasLeftover || keepMs <= 0 || socket.writableLength > 0 || !socket.writable) {
      this.destroy();
    } else {
      this.idleUntil = performance.now() + keepMs;
      this.owner.freed(this);
    }
    receiver.answered(parser.status, parser.body, parser.retryAfter);
  }

  private fail(error: TransportError): void {
    if (this.isOver) return;
    const { request, exchange } = this;
    const mayRepeat = error.kind === 'broken' && this.hasServed && !this.hasAnswerBegun && request?.isRepeatable;
    this.destroy();
    if (!request || !exchange) return;
    if (mayRepeat) this.owner.again(request, exchange);
    else exchange.receiver.failed(error);
  }
}
