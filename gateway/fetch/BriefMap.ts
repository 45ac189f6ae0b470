/**
 * A map for what is there for moments only, under long texts. A Map of V8 makes a new table when its old one is full of what was deleted,
 * and the old one goes on holding all that was in it then, and the new one: once a table has come into the old generation, everything
 * that ever was in the map stays until the next full collection of garbage. Here what was deleted is held by nothing.
 */
export class BriefMap<Value> {
  private readonly buckets: (Entry<Value> | undefined)[] = Array.from({ length: BUCKETS });

  get(key: string): Value | undefined {
    let entry = this.buckets[bucketOf(key)];
    while (entry && entry.key !== key) entry = entry.next;
    return entry?.value;
  }

  /** In the place of what is there under this key. */
  set(key: string, value: Value): void {
    this.delete(key);
    const bucket = bucketOf(key);
    this.buckets[bucket] = { key, value, next: this.buckets[bucket] };
  }

  delete(key: string): void {
    const bucket = bucketOf(key);
    let before: Entry<Value> | undefined;
    let entry = this.buckets[bucket];
    while (entry && entry.key !== key) {
      before = entry;
      entry = entry.next;
    }
    if (!entry) return;
    if (before) before.next = entry.next;
    else this.buckets[bucket] = entry.next;
    entry.next = undefined;
  }

  isEmpty(): boolean {
    return this.buckets.every((entry) => entry === undefined);
  }
}

interface Entry<Value> {
  readonly key: string;
  readonly value: Value;
  next: Entry<Value> | undefined;
}

const BUCKETS = 64;
/** Characters that are looked at in the whole of a key, and at its end, where values of variables stand. */
const SAMPLES = 64;
const LAST = 24;

function bucketOf(key: string): number {
  const { length } = key;
  let hash = length;
  const stride = Math.max(1, length >> 6);
  for (let index = 0, left = SAMPLES; index < length && left > 0; index += stride, left--)
    hash = (Math.imul(hash, 31) + key.charCodeAt(index)) | 0;
  for (let index = Math.max(0, length - LAST); index < length; index++) hash = (Math.imul(hash, 31) + key.charCodeAt(index)) | 0;
  return (hash ^ (hash >>> 15)) & (BUCKETS - 1);
}
