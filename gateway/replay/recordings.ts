import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { MeshError } from '../errors.js';

/** One prompt and what each recorded model made of it. */
export interface Recording {
  readonly id: string;
  readonly taskClass: string;
  readonly prompt: string;
  /** The right answer. Null: the recording only says who was right. */
  readonly gold: string | null;
  readonly answers: ReadonlyMap<string, RecordedAnswer>;
}

export interface RecordedAnswer {
  /** Null: the text was not recorded. */
  readonly text: string | null;
  /** As it was judged when it was recorded. */
  readonly correct: boolean;
}

const text = z.string().min(1).max(100_000);
const Line = z.object({
  id: text,
  taskClass: text,
  prompt: text,
  gold: z.string().min(1).optional(),
  answers: z.record(text, z.object({ text: z.string(), correct: z.boolean() })).optional(),
  correct: z.record(text, z.boolean()).optional(),
});

const MAX_PROBLEMS = 10;

/**
 * Reads a file of JSON lines, at most `limit` of them. A line is `{id, taskClass, prompt, gold?, answers: {model: {text, correct}}}`, or
 * with `correct: {model: boolean}` where the texts were not kept. Throws INVALID_RECORDINGS, which names file and line.
 */
export async function readRecordings(file: string, limit = Infinity): Promise<Recording[]> {
  const recordings: Recording[] = [];
  const problems: string[] = [];
  const lines = createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Infinity });
  let number = 0;
  try {
    for await (const line of lines) {
      number++;
      if (line.trim() === '') continue;
      const read = readLine(line);
      if (typeof read === 'string') problems.push(`${file}:${number}: ${read}`);
      else recordings.push(read);
      if (recordings.length >= limit || problems.length >= MAX_PROBLEMS) break;
    }
  } catch (cause) {
    throw new MeshError('INVALID_RECORDINGS', `${file} cannot be read: ${(cause as Error).message}`, { cause });
  } finally {
    lines.close();
  }
  const models = modelsOf(recordings);
  for (const { id, answers } of recordings) {
    if (answers.size !== models.length && problems.length < MAX_PROBLEMS)
      problems.push(`${file}: ${id} has no answer of ${models.filter((model) => !answers.has(model)).join(', ')}`);
  }
  if (recordings.length === 0 && problems.length === 0) problems.push(`${file} holds no recording`);
  if (problems.length > 0) throw new MeshError('INVALID_RECORDINGS', ['The recordings are wrong:', ...problems].join('\n  '));
  return recordings;
}

/** The models that answered, in the order of their names. */
export function modelsOf(recordings: readonly Recording[]): string[] {
  return [...new Set(recordings.flatMap(({ answers }) => [...answers.keys()]))].sort();
}

/** The recording, or what is wrong with the line. */
function readLine(line: string): Recording | string {
  const parsed = Line.safeParse(parseJson(line));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return `${issue!.path.join('.') || 'the line'}: ${issue!.message}`;
  }
  const { id, taskClass, prompt, gold = null, answers, correct } = parsed.data;
  if (!answers && !correct) return 'there are neither `answers` nor `correct`';
  const judged = Object.entries(correct ?? {}).map(([model, right]): [string, RecordedAnswer] => [
    model,
    { text: null, correct: right },
  ]);
  return { id, taskClass, prompt, gold, answers: new Map<string, RecordedAnswer>(answers ? Object.entries(answers) : judged) };
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
