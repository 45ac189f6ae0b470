/** What the primary asks of a worker. */
export type WorkerCalls<Assignment> = {
  /** Resolves to the URL once it serves. */
  start(assignment: Assignment): Promise<string>;
  reload(sdl: string): Promise<void>;
  /** Its own. */
  metrics(nothing: null): Promise<string>;
  /** Drains and ends the process. */
  stop(nothing: null): Promise<void>;
};

/** What a worker asks of the primary. */
export type PrimaryCalls = {
  /** Whatever is sent to the worker from now on, it takes. */
  listening(nothing: null): Promise<void>;
  /** Those of all workers. */
  metrics(nothing: null): Promise<string>;
  /** The worker's last metrics. */
  leave(metrics: string): Promise<void>;
};
