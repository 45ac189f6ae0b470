import type { Logger } from 'pino';
import { GATEWAY_PRINCIPAL } from '../../subgraphs/shared/principal.js';
import { retryPauseMs } from '../../subgraphs/shared/pause.js';
import type { SubgraphClient } from '../fetch/SubgraphClient.js';

/** A decision as the policies subgraph keeps it. */
export interface RecordedDecision {
  readonly id: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly tenant: string | null;
  readonly principal: string;
  readonly action: string;
  readonly resource: string | null;
  readonly outcome: 'ALLOW' | 'DENY';
  readonly rules: readonly string[];
  readonly policyVersion: string;
  readonly operation: string | null;
  readonly field: string | null;
  readonly reason: string | null;
}

export interface Recorder {
  record(decisions: readonly RecordedDecision[]): void;
  /** Resolves once everything has been handed over, or was tried for 5 s. */
  close(): Promise<void>;
}

const FLUSH_MS = 50;
const BATCH = 500;
const MAX_WAITING = 50_000;
const CLOSE_MS = 5_000;

/** Hands decisions to the policies subgraph in batches, soon after the answer; again until it takes them. Over 50,000 waiting: the oldest are given up, with a log entry. */
export function createRecorder(client: SubgraphClient, clock: () => number, log: Logger): Recorder {
  let waiting: RecordedDecision[] = [];
  let timer: NodeJS.Timeout | undefined;
  let sending: Promise<void> | undefined;
  let failures = 0;
  let closing = false;

  const flush = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, BATCH);
      try {
        await send(client, batch, clock());
        waiting = waiting.slice(waiting.indexOf(batch.at(-1)!) + 1);
        failures = 0;
      } catch (error) {
        failures++;
        log.warn({ err: error, waiting: waiting.length, failures }, 'decisions could not be recorded and are tried again');
        if (!closing) return;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  };
  const schedule = (ms: number): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      sending ??= flush().finally(() => {
        sending = undefined;
        if (waiting.length > 0 && !closing) schedule(failures > 0 ? retryPauseMs(failures) : 0);
      });
    }, ms);
  };

  return {
    record: (decisions) => {
      waiting.push(...decisions);
      if (waiting.length > MAX_WAITING) {
        log.error({ lost: waiting.length - MAX_WAITING }, 'too many decisions wait to be recorded; the oldest are given up');
        waiting = waiting.slice(-MAX_WAITING);
      }
      if (waiting.length > 0) schedule(FLUSH_MS);
    },
    close: async () => {
      closing = true;
      clearTimeout(timer);
      const work = (sending ?? Promise.resolve()).then(flush);
      let giveUp: NodeJS.Timeout | undefined;
      await Promise.race([work, new Promise((resolve) => (giveUp = setTimeout(resolve, CLOSE_MS)))]);
      clearTimeout(giveUp);
      if (waiting.length > 0) log.error({ lost: waiting.length }, 'decisions could not be recorded before the end');
      waiting = [];
    },
  };
}

async function send(client: SubgraphClient, decisions: readonly RecordedDecision[], nowMs: number): Promise<void> {
  const { data, errors } = await client.request(
    { query: 'mutation ($decisions: JSON!) { _recordDecisions(decisions: $decisions) }', variables: { decisions } },
    {
      request: { principal: GATEWAY_PRINCIPAL, operationId: 'record-decisions', deadlineAt: nowMs + CLOSE_MS },
      signal: AbortSignal.timeout(CLOSE_MS),
    },
  );
  if (typeof data?.['_recordDecisions'] !== 'number') throw new Error(errors?.[0]?.message ?? 'no answer');
}
