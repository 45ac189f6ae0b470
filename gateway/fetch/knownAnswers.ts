import { Buffer } from 'node:buffer';
import { LRUCache } from 'lru-cache';
import { readAnswer } from './readAnswer.js';
import type { SubgraphOperation, SubgraphResponse } from './SubgraphClient.js';

/** Turns the bytes of a successful answer to an operation into the answer. Throws like readAnswer. */
export type AnswerReader = (operation: SubgraphOperation, bytes: Buffer) => SubgraphResponse;

/** Answers kept for one operation. */
const MAX_KEPT = 8;
/** Answers of one operation whose fingerprint is remembered. */
const MAX_SEEN = 16;
/** What an answer takes when it is kept, for each of its bytes: itself, and about four times as much as objects. */
const MEMORY_FACTOR = 5;
const SAMPLES = 16;

interface Kept {
  readonly bytes: Buffer;
  readonly response: SubgraphResponse;
}

interface Known {
  kept: Kept[];
  /** Fingerprints in a ring. */
  readonly seen: number[];
  next: number;
}

/**
 * Reads answers and does not read the same bytes again: an answer that comes a second time is kept, and from the third time on what was
 * made of it is given out, as shared. Answers that never repeat cost a fingerprint and are not held. `maxBytes` bounds what all kept
 * answers take, about; those used longest ago go first.
 */
export function knownAnswers(maxBytes: number): AnswerReader {
  const operations = new WeakMap<SubgraphOperation, Known>();
  const byAge = new LRUCache<Kept, Known>({
    maxSize: maxBytes,
    maxEntrySize: Math.floor(maxBytes / 4),
    sizeCalculation: (_known, { bytes }) => bytes.length * MEMORY_FACTOR + 200,
    dispose: (known, gone) => {
      known.kept = known.kept.filter((kept) => kept !== gone);
    },
  });

  return (operation, bytes) => {
    let known = operations.get(operation);
    if (!known) operations.set(operation, (known = { kept: [], seen: [], next: 0 }));
    for (const kept of known.kept) {
      if (kept.bytes.length === bytes.length && kept.bytes.equals(bytes)) {
        byAge.get(kept);
        return kept.response;
      }
    }
    const fingerprint = fingerprintOf(bytes);
    if (!known.seen.includes(fingerprint)) {
      known.seen[known.next] = fingerprint;
      known.next = (known.next + 1) % MAX_SEEN;
      return readAnswer(bytes, 200);
    }
    const response: SubgraphResponse = { ...readAnswer(bytes, 200), isShared: true };
    // Copied: the bytes are those of a connection's buffer.
    const kept: Kept = { bytes: Buffer.from(bytes), response };
    const [oldest] = known.kept;
    if (known.kept.length >= MAX_KEPT && oldest) byAge.delete(oldest);
    byAge.set(kept, known);
    if (byAge.has(kept)) known.kept.push(kept);
    return response;
  };
}

/** Tells most answers apart by their length and a few of their bytes. Only whether to keep one depends on it, never what it says. */
function fingerprintOf(bytes: Buffer): number {
  let hash = bytes.length;
  const step = bytes.length / SAMPLES;
  for (let sample = 0; sample < SAMPLES; sample++) hash = (Math.imul(hash, 31) + bytes[Math.floor(sample * step)]!) | 0;
  return hash;
}
