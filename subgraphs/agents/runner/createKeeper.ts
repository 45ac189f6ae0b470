import type { Queryable } from '../../shared/database/Database.js';
import { isInfrastructureFailure } from '../../shared/eventlog/isInfrastructureFailure.js';
import { publishAll } from '../../shared/outbox.js';
import { retryPauseMs } from '../../shared/pause.js';
import type { SubgraphResources } from '../../shared/Subgraph.js';
import { insertMetricSamples } from '../metrics/metricSamples.js';
import { findTasksByIds, finishTask, giveBackTask, hasAttempt, insertAttempts, lockTask } from '../taskStore.js';
import type { Task } from '../Task.js';
import { attemptEvents, settledEvents, statusEvent } from './taskEvents.js';
import { endOf } from './taskEnds.js';
import type { Try } from './walkRoute.js';

/** Keeps what work came to. */
export interface Keeper {
  /**
   * The task as it ended, with its attempts. Work that was paid for is not thrown away because the database is not there just then: it is
   * kept as soon as it is back. What can never be kept makes the task fail, with its attempts on record.
   * Resolves to the task as it is on record: another runner may have ended it meanwhile.
   */
  finish(task: Task, tries: readonly Try[]): Promise<Task>;
  /** What was tried is on record and paid; the task waits for the next runner. */
  giveBack(task: Task, tries: readonly Try[]): Promise<void>;
}

/** With pauses that grow to 5 s: some ten minutes. */
const STORE_TRIES = 120;
const STOPPING_TRIES = 5;

/** `isStopping`: the process ends and will not wait long for a database that is away. */
export function createKeeper(resources: SubgraphResources, isStopping: () => boolean): Keeper {
  const { database, clock, log, wakeRelay } = resources;

  /** Undefined: it is another runner's by now, and that one's result counts; what was used here was used all the same. */
  const store = (task: Task, tries: readonly Try[]): Promise<Task | undefined> =>
    database.transaction(async (tx) => {
      await lockTask(tx, task);
      const isMine = await finishTask(tx, task);
      // The commit of an earlier try may have held although its answer was lost.
      if (!isMine && tries[0] && (await hasAttempt(tx, tries[0].attempt.id))) return undefined;
      await recordTries(tx, task, tries);
      const now = clock();
      const ended = isMine ? [statusEvent(task, now), ...settledEvents(task, now)] : [];
      await publishAll(tx, 'agents', [...attemptEvents(task, tries, now), ...ended]);
      return isMine ? task : undefined;
    });

  const untilStored = async <T>(work: () => Promise<T>): Promise<T> => {
    for (let failures = 1; ; failures++) {
      try {
        return await work();
      } catch (error) {
        const isOver = failures === STORE_TRIES || (isStopping() && failures > STOPPING_TRIES);
        if (!isInfrastructureFailure(error) || isOver) throw error;
        log.warn({ err: error, failures }, 'what a task came to could not be stored and is tried again');
        await new Promise((resolve) => setTimeout(resolve, retryPauseMs(failures)));
      }
    }
  };

  return {
    finish: async (task, tries) => {
      const kept = await untilStored(() => store(task, tries)).catch((error: unknown) => {
        if (isInfrastructureFailure(error) || tries.length === 0) throw error;
        log.error({ err: error, taskId: task.id }, 'the answer of a task could not be stored');
        const unstored = tries.map(withoutAnswer);
        return untilStored(() => store(endOf(task, unstored, clock()), unstored));
      });
      wakeRelay();
      if (kept) return kept;
      const [current] = await findTasksByIds(database, task.tenant, [task.id]);
      return current!;
    },
    giveBack: async (task, tries) => {
      const spent = tries.some(({ usage }) => usage !== null);
      await database.transaction(async (tx) => {
        if (!(await giveBackTask(tx, task, spent))) return;
        await recordTries(tx, task, tries);
        await publishAll(tx, 'agents', attemptEvents(task, tries, clock()));
      });
      wakeRelay();
    },
  };
}

async function recordTries(tx: Queryable, task: Task, tries: readonly Try[]): Promise<void> {
  const attempts = tries.map(({ attempt }) => attempt);
  await insertAttempts(tx, task.tenant, attempts);
  await insertMetricSamples(tx, task.tenant, attempts);
}

function withoutAnswer(tried: Try): Try {
  if (tried.answer === null) return tried;
  const message = 'its answer could not be stored; the log has the cause';
  return { ...tried, attempt: { ...tried.attempt, outcome: 'FAILED', message }, answer: null };
}
