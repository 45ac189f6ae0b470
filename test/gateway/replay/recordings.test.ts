import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { modelsOf, readRecordings } from '../../../gateway/replay/recordings.js';

const folder = mkdtempSync(join(tmpdir(), 'recordings-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(lines: (object | string)[]): string {
  const path = join(folder, `${Math.random()}.jsonl`);
  writeFileSync(path, lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'));
  return path;
}

const texts = { id: '1', taskClass: 'c', prompt: 'p', gold: '2', answers: { m: { text: '2', correct: true } } };
const judged = { id: '2', taskClass: 'c', prompt: 'q', correct: { m: false } };

describe('recordings', () => {
  it('reads answers with texts, and those of which only the judgement was kept', async () => {
    const [first, second] = await readRecordings(file([texts, '', judged]));
    expect(first).toMatchObject({ id: '1', gold: '2' });
    expect(first!.answers.get('m')).toEqual({ text: '2', correct: true });
    expect(second).toMatchObject({ gold: null });
    expect(second!.answers.get('m')).toEqual({ text: null, correct: false });
    expect(modelsOf([first!, second!])).toEqual(['m']);
  });

  it('reads no more than it is asked for', async () => {
    expect(await readRecordings(file([texts, judged]), 1)).toHaveLength(1);
  });

  it.each<[string, (object | string)[], string]>([
    ['what is not JSON', [texts, '{'], ':2: the line'],
    ['what lacks a field', [{ ...texts, prompt: undefined }], ':1: prompt'],
    ['what has no answers', [{ id: '1', taskClass: 'c', prompt: 'p' }], 'neither `answers` nor `correct`'],
    ['an answer that is missing', [texts, { ...judged, correct: { other: true } }], '1 has no answer of other'],
    ['an empty file', [''], 'holds no recording'],
  ])('names file and line of %s', async (_, lines, told) => {
    const path = file(lines);
    await expect(readRecordings(path)).rejects.toMatchObject({ code: 'INVALID_RECORDINGS' });
    await expect(readRecordings(path)).rejects.toThrow(told);
    await expect(readRecordings(path)).rejects.toThrow(path);
  });

  it('says when there is no such file', async () => {
    await expect(readRecordings(join(folder, 'none'))).rejects.toMatchObject({ code: 'INVALID_RECORDINGS' });
  });
});
