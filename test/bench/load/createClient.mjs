import { connect } from 'node:net';

const HEAD_END = '\r\n\r\n';
const LAST_CHUNK = '\r\n0\r\n\r\n';
const READ_BYTES = 256 * 1024;

/**
 * One kept connection that has one request under way at a time. It only counts the answer's bytes, so that one core can drive a
 * gateway on another. `onAnswer({status, bytes, body})` comes for each; `body` is null unless `keepNext()` asked for it.
 */
export function createClient({ port, onAnswer, onError }) {
  const buffer = Buffer.allocUnsafe(READ_BYTES);
  let state = null;
  let keep = false;
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, onread: { buffer, callback: read } });
  socket.once('error', onError);
  socket.once('close', () => onError(new Error('the gateway closed a connection')));

  return {
    send(bytes) {
      state = null;
      socket.write(bytes);
    },
    keepNext() {
      keep = true;
    },
    close() {
      socket.removeAllListeners('close');
      socket.removeAllListeners('error');
      socket.on('error', () => undefined);
      socket.destroy();
    },
  };

  function read(length) {
    const chunk = buffer.subarray(0, length);
    if (state === null || state.head !== null) readHead(chunk);
    else readBody(chunk);
    return true;
  }

  function readHead(chunk) {
    // Heads that come in pieces are rare.
    const bytes = state === null ? chunk : Buffer.concat([state.head, chunk]);
    const at = bytes.indexOf(HEAD_END);
    if (at < 0) {
      state = { head: Buffer.from(bytes) };
      return;
    }
    const head = bytes.latin1Slice(0, at);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head);
    state = {
      head: null,
      status: Number(head.slice(9, 12)),
      left: length ? Number(length[1]) : null,
      bytes: 0,
      tail: '',
      kept: keep ? [] : null,
    };
    keep = false;
    readBody(bytes.subarray(at + HEAD_END.length));
  }

  function readBody(chunk) {
    state.bytes += chunk.length;
    state.kept?.push(Buffer.from(chunk));
    if (state.left === null) {
      // Chunked: nothing comes after an answer, so the last chunk ends it.
      state.tail = (state.tail + chunk.latin1Slice(Math.max(0, chunk.length - LAST_CHUNK.length))).slice(-LAST_CHUNK.length);
      if (state.tail !== LAST_CHUNK) return;
    } else {
      state.left -= chunk.length;
      if (state.left > 0) return;
    }
    const { status, bytes, kept, left } = state;
    state = null;
    onAnswer({ status, bytes: left === null ? null : bytes, body: kept === null ? null : textOf(kept, left === null) });
  }
}

function textOf(pieces, chunked) {
  const text = Buffer.concat(pieces);
  return chunked ? unchunk(text) : text.toString('utf8');
}

function unchunk(bytes) {
  const pieces = [];
  for (let at = 0; ;) {
    const end = bytes.indexOf('\r\n', at);
    const size = Number.parseInt(bytes.latin1Slice(at, end), 16);
    if (!(size > 0)) return Buffer.concat(pieces).toString('utf8');
    pieces.push(bytes.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
}
