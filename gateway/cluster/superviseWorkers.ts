import cluster from 'node:cluster';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { LIMITS } from '../config/limits.js';
import { MeshError } from '../errors.js';
import { createRestarts, MAX_QUICK_DEATHS } from './createRestarts.js';
import { forkWorker, type ForkedWorker } from './forkWorker.js';
import { gatherMetrics } from './gatherMetrics.js';

export interface Workers {
  readonly url: string;
  /** Every worker serves another supergraph, one after the other; when the first refuses, none does. Rejects with why. */
  reload(sdl: string): Promise<void>;
  /** Resolves when all have drained and ended. Rejects when one had to be killed. */
  close(): Promise<void>;
}

interface Options<Assignment> {
  readonly count: number;
  readonly sdl: string;
  /** The command that a worker runs. */
  readonly command: string;
  readonly assignmentOf: (worker: number, sdl: string) => Assignment;
  /** Called once, when workers die as soon as they start and no more are started. The others are still to be closed. */
  readonly onFailure: (error: MeshError) => void;
  readonly log: Logger;
}

interface Running<Assignment> extends ForkedWorker<Assignment> {
  readonly number: number;
  /** Null: it does not serve yet. */
  url: string | null;
  sdl: string;
  isLeaving: boolean;
}

const METRICS_MS = 2_000;
/** A worker may have to wait for old supergraphs to end their work, and then for the new one to be ready. */
const RELOAD_MS = LIMITS.maxDeadlineMs + LIMITS.reloadMs + 10_000;
/** Beyond the time that a gateway drains. */
const ENDING_MS = 5_000;

/**
 * Starts worker processes that serve one gateway together, and keeps them: one that dies is started again, later each time. Resolves when
 * all of them serve. When one cannot start at first, all are ended, and this rejects with its error.
 */
export async function superviseWorkers<Assignment>(options: Options<Assignment>): Promise<Workers> {
  const { count, command, assignmentOf, onFailure, log } = options;
  const running = new Map<number, Running<Assignment>>();
  const metrics = gatherMetrics();
  const nextDelay = createRestarts();
  let sdl = options.sdl;
  let hasStarted = false;
  let closing = false;
  let lastError: Error | undefined;
  cluster.setupPrimary({ args: [command] });

  const serving = (): Running<Assignment>[] => [...running.values()].filter(({ url, isLeaving }) => url !== null && !isLeaving);
  const allMetrics = async (): Promise<string> => {
    const asking = serving().map(async ({ number, calls }) =>
      metrics.heard(number, await calls.call('metrics', null, METRICS_MS)),
    );
    // Of one that does not answer what it said last counts on.
    await Promise.allSettled(asking);
    return metrics.text(serving().length);
  };

  const start = async (number: number): Promise<string> => {
    const began = performance.now();
    const ours = { metrics: allMetrics, leave: async (text: string) => metrics.heard(number, text) };
    const forked = forkWorker<Assignment>(ours, (how) => {
      running.delete(number);
      metrics.ended(number);
      // The first start fails as a whole.
      if (closing || (!hasStarted && worker.url === null)) return;
      log.error({ worker: number, pid, how }, 'a worker has ended; another takes its place');
      void restart(number, performance.now() - began);
    });
    const { pid } = forked.child.process;
    const worker: Running<Assignment> = { ...forked, number, url: null, sdl, isLeaving: false };
    running.set(number, worker);
    await worker.listens;
    worker.url = await worker.calls.call('start', assignmentOf(number, worker.sdl), 2 ** 31 - 1);
    // The supergraph may have been replaced meanwhile.
    while (worker.sdl !== sdl) await reloadOne(worker, sdl);
    log.info({ worker: number, pid }, 'a worker serves');
    return worker.url;
  };

  const restart = async (number: number, livedMs: number): Promise<void> => {
    const delayMs = nextDelay(livedMs);
    if (delayMs === null) return fail();
    await delay(delayMs);
    if (closing) return;
    await start(number).catch((error: Error) => {
      if (closing) return;
      lastError = error;
      log.error({ err: error, worker: number }, 'a worker cannot start');
      running.get(number)?.child.process.kill('SIGKILL');
    });
  };
  const fail = (): void => {
    if (closing) return;
    const last = lastError instanceof MeshError ? ` The last one: ${lastError.code}: ${lastError.message}` : '';
    onFailure(
      new MeshError(
        'WORKERS_FAILED',
        `${MAX_QUICK_DEATHS} workers in a row have ended right after their start, so no more are started. The log has how each did.${last}`,
      ),
    );
  };

  const reloadOne = async (worker: Running<Assignment>, next: string): Promise<void> => {
    await worker.calls.call('reload', next, RELOAD_MS);
    worker.sdl = next;
  };
  const reload = async (next: string): Promise<void> => {
    const before = sdl;
    const asked = new Set<Running<Assignment>>();
    const another = () => serving().find((worker) => !asked.has(worker));
    for (let worker = another(); worker; worker = another()) {
      asked.add(worker);
      try {
        await reloadOne(worker, next);
        sdl = next;
      } catch (error) {
        if (closing || running.get(worker.number) !== worker) continue;
        if (sdl === before) throw error;
        // Two supergraphs must not be served for long. One that starts anew takes the new one.
        log.error({ err: error, worker: worker.number }, 'a worker cannot take the supergraph that others serve; it starts anew');
        worker.isLeaving = true;
        worker.child.process.kill('SIGTERM');
      }
    }
    if (sdl === before && next !== before) throw new Error('no worker is there to take the supergraph');
  };

  const close = async (): Promise<void> => {
    closing = true;
    const ends = [...running.values()].map(async ({ child, calls, url }) => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      // One that does not serve yet has nothing to drain, and may not hear.
      if (url === null) child.process.kill('SIGKILL');
      calls.call('stop', null, ENDING_MS).catch(() => undefined);
      const timer = setTimeout(() => child.process.kill('SIGKILL'), LIMITS.drainMs + ENDING_MS);
      await ended;
      clearTimeout(timer);
      return url === null || child.process.exitCode === 0;
    });
    if (!(await Promise.all(ends)).every(Boolean)) throw new Error('not every worker has ended well');
  };

  try {
    const numbers = Array.from({ length: count }, (_, index) => index + 1);
    const [url] = await Promise.all(numbers.map(start));
    hasStarted = true;
    return { url: url!, reload, close };
  } catch (error) {
    await close().catch(() => undefined);
    throw error;
  }
}
