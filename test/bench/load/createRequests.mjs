import { NUMBER_WIDTH, SOME_NUMBER } from '../shop/operation.mjs';

let last = SOME_NUMBER;

/** A number of seven digits that no request has had (until nine million have been made). */
export function freshNumber() {
  last = last >= 10 ** NUMBER_WIDTH - 1 ? SOME_NUMBER + 1 : last + 1;
  return last;
}

/**
 * Requests of one kind for one connection: always the same Buffer with another number in it. It may be overwritten once its answer is
 * there.
 */
export function createRequests(kind, port) {
  const body = Buffer.from(JSON.stringify(kind(SOME_NUMBER)));
  const head = `POST /graphql HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-type: application/json\r\naccept: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
  const bytes = Buffer.concat([Buffer.from(head), body]);
  const place = bytes.indexOf(String(SOME_NUMBER), head.length);
  return () => {
    const number = freshNumber();
    if (place >= 0) bytes.latin1Write(String(number), place);
    return { bytes, number };
  };
}
