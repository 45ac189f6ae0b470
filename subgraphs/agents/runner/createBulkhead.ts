export interface Bulkhead {
  /**
   * Resolves, once there is room under every key, to what gives the room back. Undefined: under one of them the queue is full, or
   * `signal` was aborted before it was its turn.
   */
  enter(limits: readonly Limit[], signal: AbortSignal): Promise<(() => void) | undefined>;
}

export interface Limit {
  readonly key: string;
  /** How many may be inside at the same moment. */
  readonly max: number;
}

/** How many may wait for each that may be inside. */
const WAITING_FOR_EACH = 2;

interface Room {
  inside: number;
  readonly waiting: Set<() => void>;
}

/** Bounds how much is done at once under each key, and how much waits for it, first come first served. A key that nobody uses takes no space. */
export function createBulkhead(): Bulkhead {
  const rooms = new Map<string, Room>();

  const leave = (key: string, room: Room): void => {
    const [next] = room.waiting;
    if (next) return next();
    room.inside--;
    if (room.inside === 0) rooms.delete(key);
  };

  const enterOne = async ({ key, max }: Limit, signal: AbortSignal): Promise<(() => void) | undefined> => {
    const room = rooms.get(key) ?? { inside: 0, waiting: new Set() };
    rooms.set(key, room);
    if (room.inside < max) {
      room.inside++;
      return () => leave(key, room);
    }
    if (room.waiting.size >= max * WAITING_FOR_EACH) return undefined;
    const isIn = await new Promise<boolean>((resolve) => {
      const end = (entered: boolean): void => {
        room.waiting.delete(admit);
        signal.removeEventListener('abort', giveUp);
        resolve(entered);
      };
      const admit = (): void => end(true);
      const giveUp = (): void => end(false);
      room.waiting.add(admit);
      signal.addEventListener('abort', giveUp);
      if (signal.aborted) giveUp();
    });
    return isIn ? () => leave(key, room) : undefined;
  };

  return {
    enter: async (limits, signal) => {
      const entered: (() => void)[] = [];
      const leaveAll = (): void => entered.splice(0).forEach((leaveOne) => leaveOne());
      // In the order of the list, which is the same for everybody: nobody holds what another waits for in a circle.
      for (const limit of limits) {
        const leaveOne = await enterOne(limit, signal);
        if (!leaveOne) {
          leaveAll();
          return undefined;
        }
        entered.push(leaveOne);
      }
      return leaveAll;
    },
  };
}
