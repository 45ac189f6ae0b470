import { expect, it } from 'vitest';
import { knownAnswers } from '../../../gateway/fetch/knownAnswers.js';
import type { SubgraphOperation } from '../../../gateway/fetch/SubgraphClient.js';

const operation: SubgraphOperation = { query: '{ a }', kind: 'query' };
const bytes = (a: unknown): Buffer => Buffer.from(JSON.stringify({ data: { a } }));

it('gives out what was made of the same bytes, from the third time on and as shared', () => {
  const read = knownAnswers(1_000_000);
  const first = read(operation, bytes('é'));
  const second = read(operation, bytes('é'));
  expect(first).toEqual({ data: { a: 'é' }, isPlain: true });
  expect(second).toEqual({ data: { a: 'é' }, isPlain: true, isShared: true });
  expect(second.data).not.toBe(first.data);
  expect(read(operation, bytes('é'))).toBe(second);
  // Of another operation they are another answer.
  expect(read({ ...operation }, bytes('é'))).not.toHaveProperty('isShared');
});

it('keeps a copy of the bytes, since theirs are those of the next answer too', () => {
  const read = knownAnswers(1_000_000);
  const buffer = bytes('one');
  read(operation, buffer);
  const kept = read(operation, buffer);
  bytes('two').copy(buffer);
  expect(read(operation, buffer)).toEqual({ data: { a: 'two' }, isPlain: true });
  expect(read(operation, bytes('one'))).toBe(kept);
});

it('tells answers apart by all of their bytes, not by the few that it looks at first', () => {
  const read = knownAnswers(10_000_000);
  const long = (at: number): Buffer => {
    const text = 'x'.repeat(5_000).split('');
    text[at] = 'y';
    return bytes(text.join(''));
  };
  for (let round = 0; round < 3; round++)
    for (let at = 1_000; at < 1_020; at++) expect((read(operation, long(at)).data as { a: string }).a.indexOf('y')).toBe(at);
});

it('reads what is no answer each time, and throws each time', () => {
  const read = knownAnswers(1_000_000);
  for (let time = 0; time < 4; time++) expect(() => read(operation, Buffer.from('{"data":'))).toThrow(/without JSON/);
});

it('keeps no more than it may: a few of an operation, and of all those used last', () => {
  const read = knownAnswers(60_000);
  const isKept = (of: SubgraphOperation, answer: Buffer): boolean => {
    const once = read(of, answer);
    return once.isShared === true && read(of, answer) === once;
  };
  for (let n = 10; n < 30; n++) for (let time = 0; time < 2; time++) read(operation, bytes(n));
  expect(isKept(operation, bytes(29))).toBe(true);
  // Too large for what all may take together.
  const large = bytes('x'.repeat(10_000));
  for (let time = 0; time < 4; time++) expect(isKept(operation, large)).toBe(false);
  const others = Array.from({ length: 20 }, (_, n): SubgraphOperation => ({ query: `{ a${n} }`, kind: 'query' }));
  for (const other of others) for (let time = 0; time < 3; time++) read(other, bytes('y'.repeat(1_000)));
  expect(read(others.at(-1)!, bytes('y'.repeat(1_000)))).toBe(read(others.at(-1)!, bytes('y'.repeat(1_000))));
});
