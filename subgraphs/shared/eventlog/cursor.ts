import { MeshError } from '../errors.js';
import { TOPICS, type Topic } from '../names.js';

/** Where a reader is: after which offset of each partition of a topic, in which life of the log. Opaque to clients. */
export interface Cursor {
  readonly topic: Topic;
  readonly epoch: string;
  /** The position of the last event seen, a partition each. The table log has one partition. */
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

/** Whether a reader at `seen` has had everything that one at `wanted` had. Both are cursors of one topic and of one life of the log. */
export function isAtOrAfter(seen: Cursor, wanted: Cursor): boolean {
  return seen.epoch === wanted.epoch && wanted.offsets.every((offset, partition) => (seen.offsets[partition] ?? -1) >= offset);
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

function bad(why: string): MeshError {
  return new MeshError('BAD_CURSOR', `The cursor cannot be used: ${why}. Start without one.`);
}
