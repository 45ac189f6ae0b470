import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import { GATEWAY_PRINCIPAL } from '../../subgraphs/shared/principal.js';
import { retryPauseMs } from '../../subgraphs/shared/pause.js';
import { untraced } from '../../subgraphs/shared/telemetry/withSpan.js';
import { MeshError } from '../errors.js';
import type { SubgraphClient, SubgraphOperation } from '../fetch/SubgraphClient.js';

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
const BATCH_CHARACTERS = 400_000;
const MAX_TEXT = 1_000;
const MAX_RULES = 50;
/** What trying again does not mend. */
const REFUSED: ReadonlySet<string> = new Set(['BAD_USER_INPUT', 'REQUEST_TOO_LARGE']);
const MAX_WAITING = 50_000;
const CLOSE_MS = 5_000;

/** Hands decisions to the policies subgraph in batches, soon after the answer; again until it takes them. Over 50,000 waiting: the oldest are given up, with a log entry. */
export function createRecorder(client: SubgraphClient, clock: () => number, log: Logger): Recorder {
  let waiting: RecordedDecision[] = [];
  let timer: NodeJS.Timeout | undefined;
  let sending: Promise<void> | undefined;
  let failures = 0;
  let largest = BATCH;
  let closing = false;

  const flush = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = nextBatch(waiting, largest);
      try {
        await send(client, batch, clock());
        waiting = waiting.slice(waiting.indexOf(batch.at(-1)!) + 1);
        failures = 0;
        largest = BATCH;
      } catch (error) {
        if (error instanceof MeshError && REFUSED.has(error.code)) {
          // One decision that cannot be taken must not hold up the others: the batch is halved until that one stands alone.
          if (batch.length > 1) {
            largest = Math.floor(batch.length / 2);
            continue;
          }
          const { id, outcome, action } = batch[0]!;
          log.error({ err: error, decision: { id, outcome, action } }, 'a decision cannot be recorded and is given up');
          waiting = waiting.slice(waiting.indexOf(batch[0]!) + 1);
          largest = BATCH;
          continue;
        }
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
      waiting.push(...decisions.map(shortened));
      if (waiting.length > MAX_WAITING) {
        log.error({ lost: waiting.length - MAX_WAITING }, 'too many decisions wait to be recorded; the oldest are given up');
        waiting = waiting.slice(-MAX_WAITING);
      }
      // A batch has decisions of many operations in it, and is part of none.
      if (waiting.length > 0) untraced(() => schedule(FLUSH_MS));
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

function nextBatch(waiting: readonly RecordedDecision[], largest: number): RecordedDecision[] {
  const batch: RecordedDecision[] = [];
  let characters = 0;
  for (const decision of waiting.slice(0, largest)) {
    characters += JSON.stringify(decision).length;
    if (batch.length > 0 && characters > BATCH_CHARACTERS) break;
    batch.push(decision);
  }
  return batch;
}

/** Callers choose ids and operation names. What is too long to keep is kept as its beginning and its hash, which still tells it apart. */
function shortened(decision: RecordedDecision): RecordedDecision {
  const short = <Text extends string | null>(text: Text): Text => {
    if (text === null || text.length <= MAX_TEXT) return (text?.toWellFormed() ?? null) as Text;
    const hash = createHash('sha256').update(text).digest('hex');
    return `${text.slice(0, MAX_TEXT - 100).toWellFormed()}… (${text.length} characters, SHA-256 ${hash})` as Text;
  };
  return {
    ...decision,
    principal: short(decision.principal),
    action: short(decision.action),
    resource: short(decision.resource),
    rules: decision.rules.slice(0, MAX_RULES).map(short),
    operation: short(decision.operation),
    field: short(decision.field),
    reason: short(decision.reason),
  };
}

const RECORD: SubgraphOperation = {
  query: 'mutation ($decisions: JSON!) { _recordDecisions(decisions: $decisions) }',
  kind: 'mutation',
};

async function send(client: SubgraphClient, decisions: readonly RecordedDecision[], nowMs: number): Promise<void> {
  const { data, errors } = await client.request(
    { operation: RECORD, variables: JSON.stringify({ decisions }) },
    {
      request: { principal: GATEWAY_PRINCIPAL, operationId: 'record-decisions', deadlineAt: nowMs + CLOSE_MS },
      signal: AbortSignal.timeout(CLOSE_MS),
    },
  );
  if (typeof data?.['_recordDecisions'] === 'number') return;
  const code = errors?.[0]?.extensions?.['code'];
  throw new MeshError(typeof code === 'string' ? code : 'SUBREQUEST_FAILED', errors?.[0]?.message ?? 'no answer');
}
