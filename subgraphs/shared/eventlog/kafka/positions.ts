/** Where somebody is in a topic: the offset of the next event, a partition each. Partitions that were added later begin at 0. */
export type Positions = readonly number[];

/** Whether everything before `wanted` is before `positions`, too. */
export function hasReached(positions: Positions, wanted: Positions): boolean {
  return wanted.every((offset, partition) => (positions[partition] ?? 0) >= offset);
}

/** The further one of each partition. */
export function furthest(one: Positions, other: Positions): number[] {
  return Array.from({ length: Math.max(one.length, other.length) }, (_, partition) =>
    Math.max(one[partition] ?? 0, other[partition] ?? 0),
  );
}
