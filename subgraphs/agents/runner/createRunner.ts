import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { canonicalJson } from '../../shared/canonicalJson.js';
import { MeshError } from '../../shared/errors.js';
import { publishAll } from '../../shared/outbox.js';
import { retryPauseMs } from '../../shared/pause.js';
import type { Principal } from '../../shared/principal.js';
import { verifyRouteHint, type RouteHint } from '../../shared/routeHint.js';
import type { SubgraphResources } from '../../shared/Subgraph.js';
import { withSpan } from '../../shared/telemetry/withSpan.js';
import { findAgentsByIds } from '../agentStore.js';
import { findApproval } from '../approvalStore.js';
import { insertRouteDecision, toRouteDecision } from '../routeStore.js';
import { claimTask, findTaskByKey, insertTask, renewLeases, replaceHint } from '../taskStore.js';
import type { Task, TaskField, TaskInput } from '../Task.js';
import type { Transports } from '../transports/createTransports.js';
import { createBreaker } from './createBreaker.js';
import { createBulkhead } from './createBulkhead.js';
import { createKeeper } from './createKeeper.js';
import { endOf, noRouteError } from './taskEnds.js';
import { routeEvents, settledEvents, statusEvent } from './taskEvents.js';
import { Interrupted, walkRoute, type WalkOptions } from './walkRoute.js';

export interface NewTask {
  readonly principal: Principal;
  readonly tenant: string;
  readonly input: TaskInput;
  /** Not empty. */
  readonly hint: RouteHint;
  /** W3C trace context of the call. */
  readonly traceparent?: string | undefined;
}

export interface Runner {
  /** Runs it now. Resolves to the finished task; of a repeated idempotency key to the first one's, once that has finished. */
  ask(task: NewTask, deadlineAt: number): Promise<Task>;
  /** Stores it durably; workers run it. Of a repeated idempotency key: the first one's task. Throws IDEMPOTENCY_CONFLICT. */
  enqueue(task: NewTask): Promise<Task>;
  /** Resolves once no worker is busy and nothing waits. */
  settled(): Promise<void>;
  /** Stops taking tasks and lets those that run end, for 10 s at most. What waits, or was broken off, is there for the next start. */
  stop(): Promise<void>;
}

/** Tasks of the queue that run at once. They mostly wait for endpoints; those of `ask` are bounded by their callers. */
const WORKERS = 64;
const POLL_MS = 1_000;
const IDLE_MS = 30_000;
/** A runner that has not renewed its lease for so long is taken for dead. */
const LEASE_MS = 10_000;
const RENEW_MS = 3_000;
const WAIT_MS = 25;
/** A task that was begun so often and never ended will not end: its runner breaks down with it. */
const MAX_RUNS = 20;
const NEVER_ENDED = { code: 'TASK_FAILED', message: `It was begun ${MAX_RUNS} times and never came to an end.` };
const STOP_MS = 10_000;

/**
 * Runs tasks. A task is stored with its route before anything is tried; its attempts, its result and the events that tell of them are
 * kept in one transaction. When the process dies in between, another takes the task over once its lease is out, and only the runner
 * that holds the lease can finish it.
 */
export function createRunner(resources: SubgraphResources, transports: Transports, stopMs = STOP_MS): Runner {
  const { database, clock, log, internalKey, reroute, wakeRelay } = resources;
  const [breaker, bulkhead, stopping] = [createBreaker(), createBulkhead(), new AbortController()];
  setMaxListeners(0, stopping.signal);
  const leases = new Set<string>();
  const busy = new Set<Promise<void>>();
  let stopped = false;
  const { finish, giveBack } = createKeeper(resources, () => stopped);
  const leaseEnd = (): Date => new Date(clock() + LEASE_MS);

  const withLease = async <T>(work: (leaseId: string) => Promise<T>): Promise<T> => {
    const leaseId = randomUUID();
    leases.add(leaseId);
    try {
      return await work(leaseId);
    } finally {
      leases.delete(leaseId);
    }
  };

  /** Undefined: the idempotency key is taken. */
  const create = async (given: NewTask, field: TaskField, leaseId: string | null): Promise<Task | undefined> => {
    const task = newTask(given, field, leaseId, clock());
    const stored = await database.transaction(async (tx) => {
      if (!(await insertTask(tx, task, leaseId === null ? null : leaseEnd()))) {
        // The route was made for nothing; its money is free again.
        await publishAll(tx, 'agents', settledEvents(task, clock()));
        return false;
      }
      await insertRouteDecision(tx, task, toRouteDecision(task.hint), task.createdAt);
      await publishAll(tx, 'agents', [statusEvent(task, clock()), ...routeEvents(task, clock())]);
      return true;
    });
    wakeRelay();
    return stored ? task : undefined;
  };

  const run = async (task: Task): Promise<Task> => {
    const traceparent = task.traceparent ?? undefined;
    const current: WalkOptions['current'] = async ({ agentId, modelId }) => {
      const [agents, approval] = await Promise.all([
        findAgentsByIds(database, task.tenant, [agentId]),
        findApproval(database, task.tenant, modelId),
      ]);
      return { agent: agents[0], approval };
    };
    const { signal } = stopping;
    const options = { transports, current, breaker, bulkhead, clock, log, stopping: signal, traceparent };
    const tries = await walkRoute(task, options).catch(async (error: unknown) => {
      if (error instanceof Interrupted) await giveBack(task, error.tries);
      throw error;
    });
    return finish(endOf(task, tries, clock()), tries);
  };

  /**
   * A hint that has expired while the task waited was made from old prices and approvals: the gateway decides again.
   * Undefined: another runner has the task by now.
   */
  const withFreshRoute = async (task: Task): Promise<Task | undefined> => {
    if (clock() < task.hint.expiresAt || task.field !== 'Mutation.taskRun') return task;
    if (!reroute) throw new MeshError('TOO_BUSY', 'There is no gateway to route the task again.');
    const { principal, field, input } = task;
    const hint = await verifyRouteHint(
      await reroute({ principal, field, input }),
      { principal, field, input },
      internalKey,
      clock(),
    );
    const chosen = hint.ranked[0];
    const rerouted: Task = { ...task, hint, agentId: chosen?.agentId ?? null, modelId: chosen?.modelId ?? null };
    const isMine = await database.transaction(async (tx) => {
      if (!(await replaceHint(tx, rerouted, hint))) {
        await publishAll(tx, 'agents', settledEvents(rerouted, clock()));
        return false;
      }
      await insertRouteDecision(tx, rerouted, toRouteDecision(hint), new Date(clock()));
      await publishAll(tx, 'agents', [...routeEvents(rerouted, clock()), ...settledEvents(task, clock())]);
      return true;
    });
    wakeRelay();
    return isMine ? rerouted : undefined;
  };

  const runQueued = async (task: Task, runs: number): Promise<void> => {
    try {
      if (runs > MAX_RUNS) {
        await finish({ ...endOf(task, [], clock()), error: NEVER_ENDED }, []);
        return;
      }
      const routed = await withFreshRoute(task);
      if (!routed) return;
      if (routed.hint.ranked.length > 0) await run(routed);
      else await finish({ ...endOf(routed, [], clock()), error: noRouteError(routed.hint) }, []);
    } catch (error) {
      // The lease runs out, and the task is tried again.
      log.warn({ err: error, taskId: task.id }, 'a task could not be run and is tried again');
    }
  };

  const claim = (leaseId: string): ReturnType<typeof claimTask> =>
    database.transaction(async (tx) => {
      const claimed = await claimTask(tx, leaseId, new Date(clock()), leaseEnd());
      if (claimed?.wasQueued) await publishAll(tx, 'agents', [statusEvent(claimed.task, clock())]);
      return claimed;
    });

  const work = async (isFirst: boolean): Promise<void> => {
    let failures = 0;
    if (!isFirst) await waitForWork(0);
    while (!stopped) {
      let worked = false;
      try {
        worked = await withLease(async (leaseId) => {
          const claimed = await claim(leaseId);
          if (!claimed) return false;
          wakeRelay();
          wakeOne();
          const { task, runs } = claimed;
          await withSpan('run task', { from: task.traceparent ?? undefined }, () => runQueued(task, runs));
          return true;
        });
        failures = 0;
      } catch (error) {
        failures++;
        log.warn({ err: error, failures }, 'the queue of tasks could not be read and is tried again');
      }
      if (!worked) await waitForWork(failures);
    }
  };
  // Who finds a task calls the next, and of those who wait one looks often, so that a poller is always enough to get all of them going.
  const waiting = new Set<() => void>();
  let polled = false;
  const waitForWork = (failures: number): Promise<void> =>
    new Promise((resolve) => {
      const polls = !polled;
      polled = true;
      const timer = setTimeout(wake, failures > 0 ? retryPauseMs(failures) : polls ? POLL_MS : IDLE_MS);
      function wake(): void {
        clearTimeout(timer);
        waiting.delete(wake);
        if (polls) polled = false;
        resolve();
      }
      waiting.add(wake);
      if (stopped) wake();
    });
  const wakeOne = (): void => [...waiting][0]?.();

  const renewal = setInterval(() => {
    if (leases.size > 0)
      void renewLeases(database, [...leases], leaseEnd()).catch((error: unknown) =>
        log.warn({ err: error }, 'leases were not renewed'),
      );
  }, RENEW_MS);
  for (let index = 0; index < WORKERS; index++) busy.add(work(index === 0));

  const repeated = async ({ tenant, principal, input }: NewTask): Promise<Task> => {
    const first = (await findTaskByKey(database, tenant, principal, input.idempotencyKey!))!;
    if (canonicalJson(first.input) === canonicalJson(JSON.parse(JSON.stringify(input)))) return first;
    throw new MeshError(
      'IDEMPOTENCY_CONFLICT',
      `The idempotency key "${input.idempotencyKey}" was used with another input. Use a new one.`,
    );
  };

  return {
    ask: (given, deadlineAt) =>
      withLease(async (leaseId) => {
        const task = await create(given, 'Query.ask', leaseId);
        if (task) return run(task);
        for (let first = await repeated(given); ; first = await repeated(given)) {
          if (first.finishedAt) return first;
          if (clock() > deadlineAt)
            throw new MeshError('TOO_BUSY', 'The first call with this idempotency key still runs. Try again later.');
          await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
        }
      }),
    enqueue: async (given) => {
      const task = await create(given, 'Mutation.taskRun', null);
      if (!task) return repeated(given);
      wakeOne();
      return task;
    },
    settled: async () => {
      for (;;) {
        const { rowCount } = await database.query(`select 1 from agents.task where status in ('QUEUED', 'RUNNING') limit 1`);
        if (rowCount === 0 || stopped) return;
        wakeOne();
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    stop: async () => {
      stopped = true;
      for (const wake of waiting) wake();
      const impatience = setTimeout(() => stopping.abort(), stopMs);
      await Promise.all(busy);
      clearTimeout(impatience);
      clearInterval(renewal);
    },
  };
}

function newTask(given: NewTask, field: TaskField, leaseId: string | null, nowMs: number): Task {
  const { tenant, principal, input, hint, traceparent = null } = given;
  const chosen = hint.ranked[0];
  return {
    id: `task-${randomUUID()}`,
    tenant,
    taskClass: input.taskClass,
    status: leaseId === null ? 'QUEUED' : 'RUNNING',
    field,
    principal,
    input,
    hint,
    agentId: chosen?.agentId ?? null,
    modelId: chosen?.modelId ?? null,
    text: null,
    output: null,
    error: null,
    leaseId,
    traceparent,
    createdAt: new Date(nowMs),
    finishedAt: null,
    latencyMs: null,
  };
}
