import type { Client } from 'graphql-ws';
import { createWaker } from '../../subgraphs/shared/pause.js';
import { MeshError } from '../errors.js';

export interface EvaluationWatch {
  /** The cursor of the event that told of the evaluation, once it has arrived. One caller at a time. */
  cursorOf(evaluationId: string, signal: AbortSignal): Promise<string>;
  stop(): void;
}

interface Event {
  readonly evaluationResults: { cursor: string; evaluation: { id: string } };
}

const ARRIVES_MS = 30_000;
const KEPT = 1_000;

/** Follows `evaluationResults`: an event's cursor is what `x-mesh-after` takes. */
export function watchEvaluations(socket: Client): EvaluationWatch {
  const cursors = new Map<string, string>();
  let failure: unknown;
  const waker = createWaker();
  const fail = (error: unknown): void => {
    failure = new MeshError('SUBREQUEST_FAILED', 'The subscription to evaluations ended. Is the mesh still there?', {
      cause: error,
    });
    waker.wake();
  };
  const stop = socket.subscribe<Event>(
    { query: 'subscription { evaluationResults { cursor evaluation { id } } }' },
    {
      next: ({ data, errors }) => {
        if (errors) return fail(errors);
        const { cursor, evaluation } = data!.evaluationResults;
        cursors.set(evaluation.id, cursor);
        if (cursors.size > KEPT) cursors.delete(cursors.keys().next().value!);
        waker.wake();
      },
      error: fail,
      complete: () => fail(undefined),
    },
  );
  return {
    cursorOf: async (evaluationId, signal) => {
      const until = performance.now() + ARRIVES_MS;
      for (;;) {
        const cursor = cursors.get(evaluationId);
        if (cursor !== undefined) return cursor;
        if (failure !== undefined) throw failure;
        signal.throwIfAborted();
        if (performance.now() > until) fail(undefined);
        await waker.wait(1_000);
      }
    },
    stop,
  };
}
