import cluster, { type Worker } from 'node:cluster';
import { createCalls, type Calls } from './createCalls.js';
import type { PrimaryCalls, WorkerCalls } from './WorkerCalls.js';

export interface ForkedWorker<Assignment> {
  readonly child: Worker;
  /** Good once the worker listens; they end with the process. */
  readonly calls: Calls<WorkerCalls<Assignment>>;
  /** Rejects when the process ends before. */
  readonly listens: Promise<void>;
}

/** A process of what `cluster.setupPrimary` says, and the calls in both directions. `onEnd` is told how it ended, once. */
export function forkWorker<Assignment>(
  ours: Omit<PrimaryCalls, 'listening'>,
  onEnd: (how: string) => void,
): ForkedWorker<Assignment> {
  const child = cluster.fork();
  // What is sent before a worker listens is lost: node:cluster itself takes all messages from the first on.
  const { promise: listens, resolve, reject } = pending();
  const all: PrimaryCalls = { ...ours, listening: async () => resolve() };
  const calls = createCalls<WorkerCalls<Assignment>>((message, sent) => void child.send(message, sent), all);
  child.on('message', calls.take);
  // That it cannot be sent a message is told to who sends it; that it cannot be started, it does by ending.
  child.on('error', () => undefined);
  child.once('exit', (code, signal) => {
    const how = signal ?? `exit code ${code}`;
    const why = new Error(`the worker ended with ${how}`);
    reject(why);
    calls.end(why);
    onEnd(how);
  });
  return { child, calls, listens };
}

function pending(): { promise: Promise<void>; resolve: () => void; reject: (error: Error) => void } {
  let settle: { resolve: () => void; reject: (error: Error) => void };
  const promise = new Promise<void>((resolve, reject) => (settle = { resolve, reject }));
  promise.catch(() => undefined);
  return { promise, ...settle! };
}
