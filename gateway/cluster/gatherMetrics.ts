import { countsOf, mergeMetrics, printMetrics, readMetrics, type Families } from './mergeMetrics.js';

export interface GatheredMetrics {
  /** What a worker says now, or said when it ended. */
  heard(worker: number, text: string): void;
  /** The worker of this number has ended; the next of this number begins at nothing. */
  ended(worker: number): void;
  /** Of all workers together, those that have ended too: what is counted never goes back, which would look like a start from nothing. */
  text(serving: number): string;
}

/** Metrics of workers by number. What a worker has counted between its last words and a violent end is lost. */
export function gatherMetrics(): GatheredMetrics {
  const now = new Map<number, Families>();
  let past: Families = new Map();
  let deaths = 0;
  return {
    heard: (worker, text) => void now.set(worker, readMetrics(text)),
    ended: (worker) => {
      deaths++;
      past = mergeMetrics([past, countsOf(now.get(worker) ?? new Map())]);
      now.delete(worker);
    },
    text: (serving) =>
      printMetrics(
        mergeMetrics([
          ...now.values(),
          past,
          one('mesh_workers', 'gauge', 'Worker processes that serve', serving),
          one('mesh_worker_exits_total', 'counter', 'Worker processes that have ended', deaths),
        ]),
      ),
  };
}

function one(name: string, type: string, help: string, value: number): Families {
  const head = [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
  return new Map([[name, { head, type, samples: new Map([[name, value]]) }]]);
}
