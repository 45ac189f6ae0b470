import type { MeshClient } from '../apply/meshClient.js';
import { MeshError } from '../errors.js';
import { createArrivals } from './arrivals.js';
import { nextQuestion, type Question } from './questions.js';
import type { Random } from './seededRandom.js';
import { NOTHING_SENT, withOutcome, withSent, type Outcome, type Tally } from './Tally.js';

export interface TrafficOptions {
  readonly client: MeshClient;
  readonly random: Random;
  /** Questions in a second, bursts aside. */
  readonly rate: number;
  /** Null: until `signal`. */
  readonly durationMs: number | null;
  /** Ends the sending. What is under way is given some seconds. */
  readonly signal: AbortSignal;
  /** Monotonic milliseconds. */
  readonly clock: () => number;
  readonly onChange: (tally: Tally) => void;
}

/** More than these are never under way; further questions then wait, so a slow mesh is asked more slowly. */
const MAX_IN_FLIGHT = 50;
const LAST_ANSWERS_MS = 5_000;

/** Sends the mix until its time is over. Never rejects for what the mesh answers, or that it does not: all of it is in the tally. */
export async function runTraffic(options: TrafficOptions): Promise<Tally> {
  const { client, random, rate, durationMs, clock, onChange } = options;
  const sending = abortedAfter(durationMs, options.signal);
  const over = sending.signal;
  const gap = createArrivals(random, rate);
  let tally = NOTHING_SENT;
  let inFlight = 0;
  let wake: () => void = () => undefined;

  const send = async (question: Question): Promise<void> => {
    inFlight++;
    tally = withSent(tally);
    onChange(tally);
    const outcome = await outcomeOf(client, question, clock);
    inFlight--;
    tally = withOutcome(tally, outcome);
    onChange(tally);
    wake();
  };
  /** Until `ms` are over, something has come back or the time of all is over. */
  const pause = (ms: number | null, signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const timer = ms === null ? undefined : setTimeout(done, ms);
      function done(): void {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        wake = () => undefined;
        resolve();
      }
      if (ms === null) wake = done;
      signal.addEventListener('abort', done, { once: true });
    });

  let dueAt = clock();
  while (!over.aborted) {
    dueAt += gap();
    // After a pause that was too long, what is due is sent without delay; what piled up behind a slow mesh is let go.
    dueAt = Math.max(dueAt, clock() - 1_000);
    if (dueAt > clock()) await pause(dueAt - clock(), over);
    while (inFlight >= MAX_IN_FLIGHT && !over.aborted) await pause(null, over);
    if (!over.aborted) void send(nextQuestion(random));
  }
  sending.end();
  const patience = abortedAfter(LAST_ANSWERS_MS);
  while (inFlight > 0 && !patience.signal.aborted) await pause(null, patience.signal);
  patience.end();
  return tally;
}

/** Not AbortSignal.timeout with AbortSignal.any: Node 20 may collect such a signal before it fires. */
function abortedAfter(ms: number | null, earlier?: AbortSignal): { readonly signal: AbortSignal; end(): void } {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  const timer = ms === null ? undefined : setTimeout(abort, ms);
  earlier?.addEventListener('abort', abort, { once: true });
  if (earlier?.aborted) abort();
  return {
    signal: controller.signal,
    end: () => {
      clearTimeout(timer);
      earlier?.removeEventListener('abort', abort);
    },
  };
}

const OPERATIONS = {
  ask: 'query ($input: TaskInput!) { ask(input: $input) { costUsd } }',
  taskRun: 'mutation ($input: TaskInput!) { taskRun(input: $input) { userErrors { code } } }',
};

async function outcomeOf(client: MeshClient, { field, input }: Question, clock: () => number): Promise<Outcome> {
  const startedAt = clock();
  const end = (code: string | null, costUsd = '0'): Outcome => ({ code, costUsd, ms: clock() - startedAt });
  try {
    const data = await client<{ ask?: { costUsd: string }; taskRun?: { userErrors: { code: string }[] } }>(OPERATIONS[field], {
      input,
    });
    return end(data.taskRun?.userErrors[0]?.code ?? null, data.ask?.costUsd);
  } catch (error) {
    return end(error instanceof MeshError ? error.code : 'INTERNAL_SERVER_ERROR');
  }
}
