/** The worker processes that serve one gateway together, as one of them sees them. */
export interface Siblings {
  /** Which of them this one is, from 1. A worker that takes the place of a dead one has its number. */
  readonly number: number;
  /** The socket in the file system where a worker takes what the others hand over to it. Null: there is no such worker. */
  addressOf(worker: number): string | null;
  /** The metrics of all of them together, in the Prometheus text format. */
  metrics(): Promise<string>;
  /** This one ends, and these were its metrics. */
  leave(metrics: string): Promise<void>;
}
