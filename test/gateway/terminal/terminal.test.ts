import { describe, expect, it } from 'vitest';
import { createLiveLine } from '../../../gateway/terminal/liveLine.js';
import { cutTo, padTo, plainText } from '../../../gateway/terminal/plainText.js';
import { shortDuration, shortMs, shortUsd } from '../../../gateway/terminal/shortForms.js';
import { parseUsd } from '../../../subgraphs/shared/money.js';

describe('short forms', () => {
  it.each<[number | null, string]>([
    [null, '–'],
    [0, '<1ms'],
    [1.84, '1.8ms'],
    [9.96, '10ms'],
    [999.4, '999ms'],
    [1_234, '1.2s'],
    [120_000, '120s'],
  ])('%s ms is %s', (ms, text) => expect(shortMs(ms)).toBe(text));

  it.each([
    ['0', '0'],
    ['0.000012345678', '0.0000123'],
    ['0.000000000001', '<0.000001'],
    ['0.00000234', '0.0000023'],
    ['0.42', '0.42'],
    ['17.359', '17.35'],
    ['12', '12'],
  ])('%s USD is %s', (usd, text) => expect(shortUsd(parseUsd(usd))).toBe(text));

  it.each([
    [7_900, '0:07'],
    [750_000, '12:30'],
    [3_723_000, '1:02:03'],
  ])('%s ms of time is %s', (ms, text) => expect(shortDuration(ms)).toBe(text));
});

describe('text from elsewhere', () => {
  it('can neither move the cursor, nor colour the screen, nor turn the writing', () => {
    expect(plainText('a\u001b[2Jb\rc\nd\u009be\u202ef')).toBe('a [2Jb c d e f');
  });

  it('is cut and padded by characters', () => {
    expect([cutTo('résumé', 4), cutTo('ab', 4), padTo('😀😀😀', 2, 'left'), padTo('7', 3, 'right')]).toEqual([
      'rés…',
      'ab',
      '😀…',
      '  7',
    ]);
  });
});

describe('the line in place', () => {
  const stream = (isTTY: boolean) => {
    const written: string[] = [];
    return { written, out: { isTTY, columns: 12, write: (text: string) => written.push(text) } as unknown as NodeJS.WriteStream };
  };

  it('is overwritten on a terminal, fits it, and leaves the last text standing', async () => {
    const { out, written } = stream(true);
    const line = createLiveLine(out);
    for (const text of ['one', 'two', 'a text that is too long']) line.show(text);
    await expect.poll(() => written).toEqual(['\r\u001b[2Ka text tha…']);
    line.show('last');
    line.end();
    expect(written.slice(1)).toEqual(['\r\u001b[2Klast', '\n']);
  });

  it('is a line of its own elsewhere, without control characters', () => {
    const { out, written } = stream(false);
    const line = createLiveLine(out);
    line.show('a text that is long');
    line.end();
    expect(written).toEqual(['a text that is long\n']);
  });
});
