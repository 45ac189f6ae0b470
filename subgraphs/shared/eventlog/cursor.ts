import { MeshError } from '../errors.js';
import { TOPICS, type Topic } from '../names.js';

/** Where a reader is: after which offset of each partition of a topic, in which life of the log. Opaque to clients. */
export interface Cursor {
  readonly topic: Topic;
  readonly epoch: string;
  /** How many events of each partition are behind the reader: the offset of its next one. The table log has one partition. */
  readonly offsets: readonly number[];
}

const VERSION = 1;

export function encodeCursor({ topic, epoch, offsets }: Cursor): string {
  return Buffer.from(JSON.stringify([VERSION, topic, epoch, offsets])).toString('base64url');
}

/** Throws BAD_CURSOR for anything that is not a cursor of this topic. */
export function decodeCursor(text: string, topic: Topic): Cursor {
  const parts = parse(text);
  if (!Array.isArray(parts) || parts.length !== 4 || parts[0] !== VERSION) throw bad('it is not a cursor');
  const [, ofTopic, epoch, offsets] = parts as unknown[];
  if (ofTopic !== topic) throw bad(`it belongs to another topic than ${topic}`);
  if (
    typeof epoch !== 'string' ||
    !Array.isArray(offsets) ||
    !offsets.every((offset) => Number.isSafeInteger(offset) && offset >= 0)
  ) {
    throw bad('it is not a cursor');
  }
  return { topic, epoch, offsets: offsets as number[] };
}

/** The topic that a cursor says it belongs to. Throws BAD_CURSOR for anything that is not a cursor. */
export function topicOf(text: string): Topic {
  const parts = parse(text);
  const topic = TOPICS.find((name) => Array.isArray(parts) && name === parts[1]);
  if (!topic) throw bad('it is not a cursor');
  return topic;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch {
    return undefined;
  }
}

/** Between a cursor and the oldest event that is kept some are gone, or the cursor belongs to a log that is no more. */
export function eventGap(topic: Topic, from: number | readonly number[], oldest: number | readonly number[]): MeshError {
  const first = typeof oldest === 'number' ? [oldest] : oldest;
  const isBehind = (typeof from === 'number' ? [from] : from).some((offset, partition) => offset + 1 < (first[partition] ?? 0));
  const what = isBehind
    ? `Events of ${topic} after ${String(from)} and before ${String(oldest)} are no longer kept.`
    : `The cursor is of another log of ${topic} or ahead of this one, so what was missed since then cannot be told.`;
  return new MeshError('EVENT_GAP', `${what} Read the current state, then subscribe without a cursor.`, {
    extensions: { topic, from, oldest },
  });
}

function bad(why: string): MeshError {
  return new MeshError('BAD_CURSOR', `The cursor cannot be used: ${why}. Start without one.`);
}
