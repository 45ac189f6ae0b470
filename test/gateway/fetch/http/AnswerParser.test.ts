import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AnswerParser } from '../../../../gateway/fetch/http/AnswerParser.js';

interface Read {
  readonly status: number;
  readonly body: string;
  readonly isLast: boolean;
  readonly hasLeftover: boolean;
}

/** Feeds the answer cut at the given places, through one buffer that is overwritten, as a connection does. */
function read(text: string, cuts: readonly number[] = [], parser = new AnswerParser(100_000)): Read | 'unfinished' {
  parser.next();
  const buffer = Buffer.alloc(200_000);
  const bytes = Buffer.from(text, 'latin1');
  const places = [0, ...cuts.filter((cut) => cut < bytes.length).toSorted((a, b) => a - b), bytes.length];
  for (let index = 1; index < places.length; index++) {
    buffer.fill(0);
    const size = bytes.copy(buffer, 0, places[index - 1], places[index]);
    if (size > 0 && parser.feed(buffer.subarray(0, size))) return result(parser, index < places.length - 1);
  }
  return 'unfinished';
}

function result(parser: AnswerParser, isMoreToCome: boolean): Read {
  const { status, isLast, hasLeftover } = parser;
  return { status, body: parser.body.toString('latin1'), isLast, hasLeftover: hasLeftover || isMoreToCome };
}

const H = 'HTTP/1.1 200 OK\r\n';

describe('an answer', () => {
  it.each<[string, string, Partial<Read>]>([
    ['with a length', `${H}Content-Length: 2\r\n\r\nhi`, { status: 200, body: 'hi', isLast: false, hasLeftover: false }],
    ['with nothing in it', `${H}content-length:0\r\n\r\n`, { body: '' }],
    ['without a reason', 'HTTP/1.1 500 \r\nContent-Length: 1\r\n\r\nx', { status: 500, body: 'x' }],
    ['without even its space', 'HTTP/1.1 500\r\nContent-Length: 1\r\n\r\nx', { status: 500, body: 'x' }],
    [
      'in chunks',
      `${H}Transfer-Encoding: Chunked\r\n\r\n2\r\nhi\r\nA;x="y"\r\n0123456789\r\n0\r\n\r\n`,
      { body: 'hi0123456789' },
    ],
    ['in chunks, with trailers', `${H}transfer-encoding: chunked\r\n\r\n1\r\nx\r\n000\r\nA: b\r\nC: d\r\n\r\n`, { body: 'x' }],
    [
      'after interim ones',
      `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nlink: x\r\n\r\n${H}content-length: 1\r\n\r\nx`,
      { status: 200, body: 'x' },
    ],
    ['that has no body', 'HTTP/1.1 204 No Content\r\n\r\n', { status: 204, body: '' }],
    ['that has a length and no body', 'HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n', { status: 304, body: '' }],
    ['of HTTP/1.0', 'HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\nx', { body: 'x', isLast: true }],
    [
      'of HTTP/1.0, kept',
      'HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 1\r\n\r\nx',
      { body: 'x', isLast: false },
    ],
    ['with more after it', `${H}content-length: 1\r\n\r\nxy`, { body: 'x', hasLeftover: true }],
    ['with odd headers', `${H}x!#$%&'*+-.^_\`|~: \xe9\t\r\nempty:\r\ncontent-length:\t1 \r\n\r\nx`, { body: 'x' }],
  ])('%s is read, however it comes in pieces', (_, text, expected) => {
    const whole = read(text);
    expect(whole).toMatchObject(expected);
    const everyByte = Array.from({ length: text.length }, (_unused, index) => index);
    expect(read(text, everyByte)).toEqual(whole);
    for (const cut of everyByte) expect(read(text, [cut])).toEqual(whole);
  });

  it.each<[string, string, RegExp]>([
    ['has two lengths', `${H}content-length: 1\r\ncontent-length: 1\r\n\r\nx`, /two lengths/],
    ['has a list of lengths', `${H}content-length: 1, 1\r\n\r\nx`, /no number/],
    ['has a negative length', `${H}content-length: -1\r\n\r\nx`, /no number/],
    ['has a length in hexadecimal', `${H}content-length: 0x1\r\n\r\nx`, /no number/],
    ['has no length in its length', `${H}content-length:\r\n\r\nx`, /no number/],
    ['has a length and chunks', `${H}content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`, /in doubt/],
    ['has another encoding', `${H}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n`, /in doubt/],
    ['has chunks twice', `${H}transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`, /in doubt/],
    ['has chunks in HTTP/1.0', 'HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n', /in doubt/],
    ['has a space before a colon', `${H}content-length : 1\r\n\r\nx`, /malformed/],
    ['has folded headers', `${H}a: b\r\n c: d\r\n\r\n`, /malformed/],
    ['has a header without a name', `${H}: d\r\n\r\n`, /malformed/],
    ['has a header without a colon', `${H}abc\r\n\r\n`, /malformed/],
    ['has a bare line feed', `${H}a: b\ncontent-length: 1\r\n\r\nx`, /malformed/],
    ['has a bare carriage return', `${H}a: b\rc\r\n\r\n`, /malformed/],
    ['has a zero byte', `${H}a: b\0\r\n\r\n`, /malformed/],
    ['is not HTTP', 'SSH-2.0-OpenSSH\r\n\r\n', /not HTTP\/1\.1/],
    ['is HTTP/2', 'HTTP/2.0 200 OK\r\n\r\n', /not HTTP\/1\.1/],
    ['has a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n', /not HTTP\/1\.1/],
    ['switches protocols', 'HTTP/1.1 101 Switching Protocols\r\n\r\n', /HTTP 101/],
    ['has too many interim ones', 'HTTP/1.1 103 Early\r\n\r\n'.repeat(9), /HTTP 103/],
    ['has a chunk without a length', `${H}transfer-encoding: chunked\r\n\r\n\r\nx`, /has no length/],
    ['has a chunk of a negative length', `${H}transfer-encoding: chunked\r\n\r\n-1\r\nx`, /has no length/],
    ['has a chunk of a monstrous length', `${H}transfer-encoding: chunked\r\n\r\nfffffffff\r\nx`, /has no length/],
    ['has a chunk that is too long', `${H}transfer-encoding: chunked\r\n\r\n1\r\nxy\r\n0\r\n\r\n`, /longer than it says/],
    ['is larger than may be', `${H}content-length: 100001\r\n\r\n`, /over 100000 bytes/],
    ['has a chunk larger than may be', `${H}transfer-encoding: chunked\r\n\r\n186a1\r\n`, /over 100000 bytes/],
    [
      'has larger chunks than may be',
      `${H}transfer-encoding: chunked\r\n\r\n${`c350\r\n${'x'.repeat(50_000)}\r\n`.repeat(3)}`,
      /over 100000 bytes/,
    ],
    ['has headers without end', `${H}a: ${'x'.repeat(40_000)}`, /over 32768 bytes/],
    ['has large headers', `${H}a: ${'x'.repeat(40_000)}\r\n\r\n`, /over 32768 bytes/],
    ['has a chunk line without end', `${H}transfer-encoding: chunked\r\n\r\n1;${'x'.repeat(40_000)}`, /too long/],
    ['has trailers without end', `${H}transfer-encoding: chunked\r\n\r\n0\r\n${'a: 0123456789\r\n'.repeat(3_000)}`, /trailers/],
    ['is compressed', `${H}content-encoding: br\r\ncontent-length: 1\r\n\r\nx`, /encoded as br/],
  ])('that %s is refused, however it comes in pieces', (_, text, why) => {
    expect(() => read(text)).toThrow(why);
    const step = Math.ceil(text.length / 500);
    const pieces = Array.from({ length: 500 }, (_unused, index) => index * step);
    expect(() => read(text, pieces)).toThrow(why);
  });

  it('that ends with the connection is whole then, and only then', () => {
    const parser = new AnswerParser(100);
    parser.next();
    expect(parser.feed(Buffer.from(`${H}\r\nhi `))).toBe(false);
    expect(parser.feed(Buffer.from('there'))).toBe(false);
    expect(parser.end()).toBe(true);
    expect(result(parser, false)).toMatchObject({ body: 'hi there', isLast: true });
    for (const cutOff of [H, `${H}content-length: 2\r\n\r\nx`, `${H}transfer-encoding: chunked\r\n\r\n1\r\nx\r\n`]) {
      parser.next();
      expect(parser.feed(Buffer.from(cutOff))).toBe(false);
      expect(() => parser.end()).toThrow(/before the answer was complete/);
    }
    parser.next();
    expect(() => parser.feed(Buffer.from(`${H}\r\n${'x'.repeat(101)}`))).toThrow(/over 100 bytes/);
  });

  it('of any body, with a length or in any chunks, cut anywhere, is the body; one after the other on a connection', () => {
    const parser = new AnswerParser(100_000);
    const chunk = fc.string({ minLength: 1, maxLength: 300, unit: 'binary-ascii' });
    const places = fc.array(fc.nat(2_000), { maxLength: 20 });
    fc.assert(
      fc.property(fc.array(chunk, { maxLength: 8 }), fc.boolean(), places, (chunks, isChunked, cuts) => {
        const body = chunks.join('');
        const framed = isChunked
          ? `transfer-encoding: chunked\r\n\r\n${chunks.map((each) => `${each.length.toString(16)}\r\n${each}\r\n`).join('')}0\r\n\r\n`
          : `content-length: ${body.length}\r\n\r\n${body}`;
        expect(read(`${H}Date: now\r\n${framed}`, cuts, parser)).toEqual({
          status: 200,
          body,
          isLast: false,
          hasLeftover: false,
        });
      }),
      { numRuns: 500 },
    );
  });

  it('of any bytes is read, unfinished or refused, and nothing else', () => {
    const pieces = fc.constantFrom(
      H,
      '\r\n',
      'content-length: ',
      'transfer-encoding: chunked',
      '5',
      'x',
      ':',
      '\0',
      'connection: close',
      ' ',
      '0\r\n\r\n',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(pieces, fc.string({ maxLength: 5 }))), fc.array(fc.nat(200)), (parts, cuts) => {
        try {
          read(parts.join(''), cuts);
        } catch (error) {
          expect(error).toMatchObject({ kind: 'improper' });
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
