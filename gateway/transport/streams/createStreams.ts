import { setTimeout as delay } from 'node:timers/promises';
import { allHeaders, type Exchange } from '../answer/writeAnswer.js';
import { MeshError } from '../../errors.js';
import type { StreamForm } from './StreamForm.js';

/** A response that is written bit by bit. */
export interface Outlet {
  /** Resolves when the text has left, so that a slow reader holds back whoever writes; also when the client is gone. */
  write(text: string): Promise<void>;
  /** Ends the response after a last text. Later texts go nowhere. */
  end(last: string): void;
}

export interface Streams {
  /** Throws TOO_BUSY when the gateway is closing. */
  refuseClosing(): void;
  /** Sends the head of the response at once. */
  open(exchange: Exchange, form: StreamForm): Outlet;
  /** Ends what has no end of its own, and gives the rest that many milliseconds. */
  close(graceMs: number): Promise<void>;
}

interface Open {
  leave(): void;
  readonly isEndless: boolean;
}

const HEARTBEAT_MS = 10_000;
/** A client that takes nothing for that long is gone, whatever its connection says. */
const STALLED_MS = 60_000;

const CLOSING = { code: 'TOO_BUSY', message: 'The gateway is closing. Connect again.' } as const;
const CLOSING_ANSWER = JSON.stringify({ errors: [{ message: CLOSING.message, extensions: { code: CLOSING.code } }] });

/** Every response of a gateway that is still being written. `heartbeatMs`: between signs of life. */
export function createStreams(heartbeatMs: number = HEARTBEAT_MS): Streams {
  const opened = new Set<Open>();
  let closing = false;
  const refuseClosing = (): void => {
    if (closing) throw new MeshError(CLOSING.code, CLOSING.message);
  };
  return {
    refuseClosing,
    open: (exchange, form) => {
      const { response, gone } = exchange;
      response.writeHead(200, {
        ...allHeaders(exchange, { 'content-type': form.contentType, 'cache-control': 'no-store', vary: 'authorization, accept' }),
        'x-content-type-options': 'nosniff',
        // Proxies that gather answers would hold back events.
        'x-accel-buffering': 'no',
      });
      const outlet = openOutlet(exchange, form, heartbeatMs);
      const entry: Open = { leave: () => outlet.end(form.leave(CLOSING_ANSWER)), isEndless: form.heartbeat !== null };
      if (gone.aborted) return outlet;
      opened.add(entry);
      gone.addEventListener('abort', () => opened.delete(entry), { once: true });
      if (closing) entry.leave();
      return outlet;
    },
    close: async (graceMs) => {
      closing = true;
      for (const { isEndless, leave } of opened) if (isEndless) leave();
      const until = performance.now() + graceMs;
      const ending = (): boolean => [...opened].some(({ isEndless }) => !isEndless);
      while (ending() && performance.now() < until) await delay(10);
      for (const { leave } of opened) leave();
    },
  };
}

function openOutlet({ response, gone }: Exchange, { opening, heartbeat }: StreamForm, heartbeatMs: number): Outlet {
  const waiting = new Set<() => void>();
  let movedAt = performance.now();

  const write = (text: string): Promise<void> =>
    new Promise((resolve) => {
      if (gone.aborted || response.writableEnded) return resolve();
      if (waiting.size === 0) movedAt = performance.now();
      const left = (): void => {
        movedAt = performance.now();
        waiting.delete(left);
        resolve();
      };
      waiting.add(left);
      response.write(text, left);
    });
  const outlet: Outlet = {
    write,
    end: (last) => {
      if (!gone.aborted && !response.writableEnded) response.end(last);
    },
  };
  if (gone.aborted) return outlet;

  const timer = setInterval(() => {
    if (waiting.size === 0) {
      if (heartbeat !== null) void write(heartbeat);
    } else if (performance.now() - movedAt > STALLED_MS) response.destroy();
  }, heartbeatMs);
  gone.addEventListener(
    'abort',
    () => {
      clearInterval(timer);
      for (const left of waiting) left();
    },
    { once: true },
  );
  void write(opening);
  return outlet;
}
