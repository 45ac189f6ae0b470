/** A bounded memory of event ids, the oldest forgotten first. */
export interface RecentIds {
  /** False: it was there already. */
  add(id: string): boolean;
  has(id: string): boolean;
}

export function createRecentIds(max: number): RecentIds {
  const ids = new Set<string>();
  return {
    has: (id) => ids.has(id),
    add: (id) => {
      if (ids.has(id)) return false;
      ids.add(id);
      if (ids.size > max) ids.delete(ids.values().next().value!);
      return true;
    },
  };
}
