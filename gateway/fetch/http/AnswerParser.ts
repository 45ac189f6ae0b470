import { Buffer } from 'node:buffer';
import { checkEncoding, TransportError } from './Transport.js';

/** Bytes of a status line with its headers, of a chunk's first line, and of all trailers. */
const MAX_HEAD = 32 * 1024;
const MAX_INTERIM_ANSWERS = 8;
/** What a body gets before its length is known or believed. */
const FIRST_BYTES = 64 * 1024;
const BELIEVED_BYTES = 1024 * 1024;

const HEAD_END = Buffer.from('\r\n\r\n');
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?\r\n/;
const FIELD_LINES = /^(?:[!#$%&'*+.^_`|~\w-]+:[\t\x20-\x7e\x80-\xff]*\r\n)*$/;

type State = 'head' | 'length' | 'close' | 'chunkHead' | 'chunkBody' | 'chunkEnd' | 'trailers' | 'done';

/**
 * Reads the answers of one HTTP/1.1 connection, one after the other, and refuses whatever leaves in doubt where an answer ends: two
 * lengths, a length beside chunks, folded headers, bare line feeds, other encodings, anything after the end.
 */
export class AnswerParser {
  status = 0;
  retryAfter: string | undefined;
  /** Whether the server closes the connection after this answer. */
  isLast = false;
  /** How long the server keeps the connection without a request. Undefined: it does not say. */
  keepAliveMs: number | undefined;
  /** Whether bytes came after the end of the answer. */
  hasLeftover = false;
  /** Of a complete answer: perhaps the bytes of the last chunk themselves, so it is read before more is fed. */
  body: Buffer = EMPTY;

  private state: State = 'head';
  /** Bytes of a head or line that has not ended, or nothing. */
  private pending: Buffer = EMPTY;
  private collected: Buffer = EMPTY;
  private size = 0;
  /** Bytes of the body or the chunk that are still to come. */
  private left = 0;
  private interimAnswers = 0;
  private trailerBytes = 0;
  private readonly maxBytes: number;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** Makes ready for the next answer. */
  next(): void {
    this.state = 'head';
    this.pending = this.collected = this.body = EMPTY;
    this.size = this.left = this.interimAnswers = this.trailerBytes = 0;
    this.hasLeftover = false;
  }

  /** True once the answer is complete. Throws TransportError; the connection is of no use after that. */
  feed(given: Buffer): boolean {
    let bytes = given;
    if (this.pending.length > 0) {
      bytes = Buffer.concat([this.pending, given]);
      this.pending = EMPTY;
    }
    let at = 0;
    while (this.state !== 'done') {
      const next = this.step(bytes, at);
      if (next < 0) return false;
      at = next;
    }
    this.hasLeftover = at < bytes.length;
    return true;
  }

  /** The server has closed its side. True when that was the end of the answer; throws TransportError otherwise. */
  end(): boolean {
    if (this.state !== 'close') throw new TransportError('broken', 'the connection was closed before the answer was complete');
    this.finish(this.collected.subarray(0, this.size));
    return true;
  }

  /** Reads on from `at`. Negative: everything is used up, or kept for later. */
  private step(bytes: Buffer, at: number): number {
    switch (this.state) {
      case 'head':
        return this.readHead(bytes, at);
      case 'length': {
        // Mostly the whole body is here, and nothing has to be copied.
        if (this.size === 0 && bytes.length - at >= this.left) {
          const end = at + this.left;
          this.finish(bytes.subarray(at, end));
          return end;
        }
        const next = this.take(bytes, at);
        if (this.left === 0) this.finish(this.collected.subarray(0, this.size));
        return next;
      }
      case 'close':
        this.append(bytes, at, bytes.length);
        return -1;
      case 'chunkHead':
        return this.readChunkHead(bytes, at);
      case 'chunkBody': {
        const next = this.take(bytes, at);
        if (this.left === 0) this.state = 'chunkEnd';
        return next;
      }
      case 'chunkEnd': {
        if (bytes.length - at < 2) return this.keep(bytes, at);
        if (bytes[at] !== 13 || bytes[at + 1] !== 10) throw improper('a chunk of its answer is longer than it says');
        this.state = 'chunkHead';
        return at + 2;
      }
      case 'trailers':
        return this.readTrailer(bytes, at);
      case 'done':
        return at;
    }
  }

  private readHead(bytes: Buffer, at: number): number {
    const end = bytes.indexOf(HEAD_END, at);
    if (end < 0 || end - at > MAX_HEAD) {
      if (bytes.length - at > MAX_HEAD) throw improper(`the headers of its answer are over ${MAX_HEAD} bytes`);
      return this.keep(bytes, at);
    }
    this.readFields(bytes.toString('latin1', at, end + 2));
    return end + HEAD_END.length;
  }

  private readFields(head: string): void {
    const statusLine = STATUS_LINE.exec(head);
    if (!statusLine) throw improper('its answer is not HTTP/1.1');
    const start = statusLine[0].length;
    if (!FIELD_LINES.test(head.slice(start))) throw improper('its answer has malformed headers');
    const status = Number(statusLine[2]);
    let length: string | undefined;
    let encodings: string | undefined;
    let connection = '';
    let keepAlive: string | undefined;
    this.retryAfter = undefined;
    for (let at = start; at < head.length;) {
      const colon = head.indexOf(':', at);
      const end = head.indexOf('\r\n', colon);
      // The names that matter are told apart by their lengths first.
      switch (colon - at) {
        case 10:
        case 11:
        case 14:
        case 16:
        case 17: {
          const value = head.slice(colon + 1, end).trim();
          switch (head.slice(at, colon).toLowerCase()) {
            case 'content-length':
              if (length !== undefined) throw improper('its answer has two lengths');
              length = value;
              break;
            case 'transfer-encoding':
              encodings = encodings === undefined ? value : `${encodings}, ${value}`;
              break;
            case 'connection':
              connection += `,${value}`;
              break;
            case 'keep-alive':
              keepAlive = value;
              break;
            case 'retry-after':
              this.retryAfter = value;
              break;
            case 'content-encoding':
              checkEncoding(value);
          }
        }
      }
      at = end + 2;
    }
    if (status < 200) {
      if (status === 101 || ++this.interimAnswers > MAX_INTERIM_ANSWERS) throw improper(`its answer is HTTP ${status}`);
      return;
    }
    this.status = status;
    const isOld = statusLine[1] === '0';
    this.isLast = /(?:^|,)\s*close\s*(?:,|$)/i.test(connection) || (isOld && !/keep-alive/i.test(connection));
    const timeout = keepAlive === undefined ? null : /(?:^|[,\s])timeout=(\d{1,6})(?:\D|$)/i.exec(keepAlive);
    this.keepAliveMs = timeout ? Number(timeout[1]) * 1000 : undefined;
    this.startBody(length, encodings, isOld);
  }

  private startBody(length: string | undefined, encodings: string | undefined, isOld: boolean): void {
    if (encodings !== undefined && (encodings.toLowerCase() !== 'chunked' || isOld || length !== undefined))
      throw improper('its answer leaves in doubt where it ends');
    if (length !== undefined && !/^\d{1,15}$/.test(length)) throw improper('the length of its answer is no number');
    if (this.status === 204 || this.status === 304) return this.finish(EMPTY);
    if (encodings !== undefined) {
      this.state = 'chunkHead';
    } else if (length !== undefined) {
      this.left = Number(length);
      if (this.left > this.maxBytes) throw tooLarge(this.maxBytes);
      if (this.left === 0) this.finish(EMPTY);
      else this.state = 'length';
    } else {
      this.isLast = true;
      this.state = 'close';
    }
  }

  private readChunkHead(bytes: Buffer, at: number): number {
    const end = this.lineEnd(bytes, at);
    if (end < 0) return this.keep(bytes, at);
    const line = /^([\da-f]{1,8})[ \t]*(?:;[\t\x20-\x7e\x80-\xff]*)?$/i.exec(bytes.toString('latin1', at, end));
    if (!line) throw improper('a chunk of its answer has no length');
    this.left = Number.parseInt(line[1]!, 16);
    if (this.size + this.left > this.maxBytes) throw tooLarge(this.maxBytes);
    this.state = this.left === 0 ? 'trailers' : 'chunkBody';
    return end + 2;
  }

  /** Trailers are read over: nothing here needs one. */
  private readTrailer(bytes: Buffer, at: number): number {
    const end = this.lineEnd(bytes, at);
    if (end < 0) return this.keep(bytes, at);
    this.trailerBytes += end - at;
    if (this.trailerBytes > MAX_HEAD) throw improper(`the trailers of its answer are over ${MAX_HEAD} bytes`);
    if (end === at) this.finish(this.collected.subarray(0, this.size));
    return end + 2;
  }

  private lineEnd(bytes: Buffer, at: number): number {
    const end = bytes.indexOf('\r\n', at, 'latin1');
    if ((end < 0 ? bytes.length : end) - at > MAX_HEAD) throw improper('a line of its answer is too long');
    return end;
  }

  /** The bytes may be overwritten by the next ones, so what is kept is copied. */
  private keep(bytes: Buffer, at: number): number {
    this.pending = Buffer.from(bytes.subarray(at));
    return -1;
  }

  private take(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.left);
    this.left -= end - at;
    this.append(bytes, at, end);
    return this.left === 0 ? end : -1;
  }

  private append(bytes: Buffer, from: number, to: number): void {
    const size = this.size + to - from;
    if (size > this.maxBytes) throw tooLarge(this.maxBytes);
    if (size > this.collected.length) {
      const wanted = Math.max(size, 2 * this.collected.length, Math.min(this.size + this.left, BELIEVED_BYTES), FIRST_BYTES);
      const larger = Buffer.allocUnsafeSlow(Math.min(wanted, Math.max(size, this.maxBytes)));
      this.collected.copy(larger, 0, 0, this.size);
      this.collected = larger;
    }
    bytes.copy(this.collected, this.size, from, to);
    this.size = size;
  }

  private finish(body: Buffer): void {
    this.body = body;
    this.state = 'done';
  }
}

const EMPTY = Buffer.alloc(0);

function improper(message: string): TransportError {
  return new TransportError('improper', message);
}

export function tooLarge(maxBytes: number): TransportError {
  return improper(`the answer is over ${maxBytes} bytes`);
}
