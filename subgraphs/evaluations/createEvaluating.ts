import { createHash, randomUUID } from 'node:crypto';
import { createWaker, retryPauseMs } from '../shared/pause.js';
import type { SubgraphResources } from '../shared/Subgraph.js';
import { unlessAborted } from '../shared/unlessAborted.js';
import { askJudge, NotEvaluated, readAnswered } from './askThroughMesh.js';
import { compareNumbers } from './evaluators/compareNumbers.js';
import { METRIC, type Answered, type Evaluator, type Verdict } from './evaluators/Evaluator.js';
import { fitSchema } from './evaluators/fitSchema.js';
import { matchExactly } from './evaluators/matchExactly.js';
import { matchPattern } from './evaluators/matchPattern.js';
import { findEvaluatorsByIds } from './evaluatorStore.js';
import { claimPending, isAnyDue, postponePending, removePending, sourceKeyOf, type Pending } from './pendingStore.js';
import { recordEvaluation } from './recordEvaluation.js';

export interface Evaluating {
  /** There is something new to judge. */
  wake(): void;
  /** Resolves once nothing is being judged and nothing is due; what waits for its next try is not waited for. */
  settled(): Promise<void>;
  /** Lets go of what is being judged; another, or the next start, takes it over. */
  stop(): Promise<void>;
}

const AT_ONCE = 4;
const POLL_MS = 1_000;
/** Longer than an operation through the gateway may take. */
const LEASE_MS = 120_000;
const FIRST_PAUSE_MS = 500;
const MAX_PAUSE_MS = 30_000;
const GIVE_UP_MS = 10 * 60_000;
const MAX_JUDGEMENTS = 3;

/**
 * Judges pending answers, a few at once, beside the topic that tells of them: a gateway that is away or a judge that fails holds up
 * nobody. Each is tried for ten minutes, with growing pauses and at most three judgements paid for, and is then left unevaluated, which
 * the log says. What is pending is in the database, so that nothing is forgotten when the process ends.
 */
export function createEvaluating(resources: SubgraphResources): Evaluating {
  const { database, clock, log, wakeRelay } = resources;
  const waker = createWaker();
  const stopping = new AbortController();
  const busy = new Set<Promise<void>>();

  const record = async (pending: Pending, evaluator: Evaluator, { passed, score, explanation }: Verdict): Promise<void> => {
    const { tenant, taskId, taskClass, agentId, modelId } = pending;
    const sourceKey = sourceKeyOf(pending);
    const evaluation = {
      id: randomUUID(),
      tenant,
      taskId,
      agentId,
      modelId,
      taskClass,
      metric: METRIC[evaluator.kind],
      score,
      passed,
      evaluator: evaluator.id,
      explanation,
      at: new Date(clock()),
      sourceKey,
      inputHash: createHash('sha256').update(sourceKey).digest('base64url'),
    };
    await database.transaction(async (tx) => {
      await recordEvaluation(tx, evaluation, clock());
      await removePending(tx, pending);
    });
    wakeRelay();
  };

  const retryLater = async (pending: Pending, error: unknown): Promise<void> => {
    const judged = pending.judged + (error instanceof NotEvaluated && error.judgedInVain ? 1 : 0);
    const about = { err: error, taskId: pending.taskId, evaluatorId: pending.evaluatorId, tries: pending.tries };
    if (judged >= MAX_JUDGEMENTS || clock() - pending.createdAt.getTime() >= GIVE_UP_MS) {
      await removePending(database, pending);
      log.warn(about, 'an answer was not evaluated');
      return;
    }
    log.debug(about, 'an answer could not be evaluated and is tried again');
    const pauseMs = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(pending.tries - 1, 10));
    await postponePending(database, pending, judged, new Date(clock() + pauseMs));
  };

  const evaluate = async (pending: Pending): Promise<void> => {
    const [evaluator] = await findEvaluatorsByIds(database, pending.tenant, [pending.evaluatorId]);
    if (!evaluator?.enabled) return removePending(database, pending);
    try {
      const verdict = await unlessAborted(judge(resources, evaluator, pending), stopping.signal, stopped);
      if (verdict) return await record(pending, evaluator, verdict);
      await removePending(database, pending);
      log.debug(
        { taskId: pending.taskId, evaluatorId: evaluator.id },
        'a task without a reference has nothing to be compared with',
      );
    } catch (error) {
      // When stopping nothing is written any more: the claim runs out, and the next one takes it over.
      if (!stopping.signal.aborted) await retryLater(pending, error);
    }
  };

  const start = (pending: Pending): void => {
    const running = evaluate(pending)
      .catch((error: unknown) =>
        log.warn({ err: error, taskId: pending.taskId }, 'an evaluation could not be kept and is tried again'),
      )
      .finally(() => {
        busy.delete(running);
        waker.wake();
      });
    busy.add(running);
  };

  const loop = async (): Promise<void> => {
    for (let failures = 0; !stopping.signal.aborted;) {
      const free = AT_ONCE - busy.size;
      try {
        const now = clock();
        const claimed = free === 0 ? [] : await claimPending(database, free, new Date(now), new Date(now + LEASE_MS));
        claimed.forEach(start);
        failures = 0;
      } catch (error) {
        failures++;
        log.warn({ err: error, failures }, 'pending evaluations could not be read and are tried again');
      }
      await waker.wait(failures > 0 ? retryPauseMs(failures) : POLL_MS);
    }
  };
  const running = loop();

  return {
    wake: waker.wake,
    settled: async () => {
      while (!stopping.signal.aborted && (busy.size > 0 || (await isAnyDue(database, new Date(clock()))))) {
        if (busy.size === 0) waker.wake();
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    stop: async () => {
      stopping.abort();
      waker.wake();
      await running;
      await Promise.all(busy);
    },
  };
}

/** Null: the task came without what this kind compares with. Throws NotEvaluated, or whatever the way to the gateway throws. */
async function judge({ askMesh }: SubgraphResources, evaluator: Evaluator, pending: Pending): Promise<Verdict | null> {
  if (!askMesh) throw new NotEvaluated('There is no gateway to read the task through.');
  const answered = await readAnswered(askMesh, pending);
  return evaluator.kind === 'JUDGE' ? askJudge(askMesh, evaluator, pending, answered) : judgeByRule(evaluator, answered);
}

function judgeByRule(evaluator: Evaluator, answered: Answered): Verdict | null {
  switch (evaluator.kind) {
    case 'EXACT_MATCH':
      return matchExactly(answered);
    case 'NUMERIC':
      return compareNumbers(answered, evaluator.tolerance);
    case 'REGEX':
      return matchPattern(answered, evaluator.pattern!);
    case 'JSON_SCHEMA':
      return fitSchema(answered, evaluator.schema as object | boolean);
    case 'JUDGE':
      return null;
  }
}

function stopped(): NotEvaluated {
  return new NotEvaluated('The subgraph is stopping.');
}
