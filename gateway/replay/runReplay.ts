import type { Client } from 'graphql-ws';
import { setTimeout as delay } from 'node:timers/promises';
import { parseUsd, type PicoUsd } from '../../subgraphs/shared/money.js';
import { costOf, type Pricing } from '../../subgraphs/shared/pricing.js';
import type { MeshClient } from '../apply/meshClient.js';
import { MeshError } from '../errors.js';
import { baselines, byPrice, type Score } from './baselines.js';
import { grade } from './grade.js';
import { modelsOf, type Recording } from './recordings.js';
import { registerModels, type Registered } from './registerModels.js';
import { startPlayback, type Playback } from './startPlayback.js';
import { watchEvaluations } from './watchEvaluations.js';

export interface ReplayOptions {
  readonly recordings: readonly Recording[];
  readonly prices: ReadonlyMap<string, Pricing>;
  readonly client: MeshClient;
  readonly socket: Client;
  /** Of every `ask`. Null: the mesh's usual floor. */
  readonly minQuality: number | null;
  /** Makes the ids of this run's models and agents new; empty on a mesh that is new itself. */
  readonly run: string;
  /** After each prompt. */
  readonly progress: (soFar: { done: number; right: number; cost: PicoUsd }) => void;
  readonly signal: AbortSignal;
}

export interface ReplayResult {
  readonly mesh: Score;
  readonly baselines: readonly Score[];
  readonly models: readonly ModelResult[];
  readonly taskClasses: readonly ClassResult[];
  /** Prompts that nobody answered, by error code. */
  readonly unanswered: ReadonlyMap<string, number>;
  /** Answers that the gold answer and the recording's own judgement see differently. */
  readonly judgedDifferently: number;
  /** What the ledger says, and what the playback server counted, priced here. Equal, or something is wrong. */
  readonly ledger: PicoUsd;
  readonly counted: PicoUsd;
}

export interface ModelResult {
  readonly model: string;
  readonly answers: number;
  readonly right: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cost: PicoUsd;
}

export interface ClassResult {
  readonly taskClass: string;
  readonly prompts: number;
  readonly right: number;
  /** Prompts that the dearest model answered. */
  readonly strong: number;
}

/** One prompt: who answered, and whether rightly. */
interface Outcome {
  readonly recording: Recording;
  /** Null: nobody answered; `code` says why. */
  readonly model: string | null;
  readonly code: string | null;
  readonly right: boolean;
  readonly cost: PicoUsd;
}

/**
 * Sends every recorded prompt through the mesh's `ask`, one after the other, grades the answer and records the evaluation; the next
 * prompt waits until the gateway has taken it in. Nothing is computed by a model here: a playback server gives the recorded answers.
 */
export async function runReplay(options: ReplayOptions): Promise<ReplayResult> {
  const { recordings, prices, client, socket, run } = options;
  const playback = await startPlayback(recordings);
  const evaluations = watchEvaluations(socket);
  try {
    const taskClasses = [...new Set(recordings.map(({ taskClass }) => taskClass))];
    const registered = await registerModels(client, { prices, taskClasses, endpoint: playback.url, run });
    const outcomes: Outcome[] = [];
    let after: string | null = null;
    let [right, cost] = [0, 0n];
    for (const recording of recordings) {
      options.signal.throwIfAborted();
      const { outcome, evaluationId } = await askOne(recording, registered, after, options);
      if (evaluationId !== null) after = await evaluations.cursorOf(evaluationId, options.signal);
      outcomes.push(outcome);
      right += outcome.right ? 1 : 0;
      cost += outcome.cost;
      options.progress({ done: outcomes.length, right, cost });
    }
    return await summarize(outcomes, registered, playback, options);
  } finally {
    evaluations.stop();
    await playback.close();
  }
}

const ASK = `query ($input: TaskInput!) { ask(input: $input) { costUsd agent { id } model { id } task { id } } }`;
const RECORD = `mutation ($input: EvaluationInput!) {
  evaluationRecord(input: $input) { evaluation { id } userErrors { code message } } }`;

interface Asked {
  readonly ask: { costUsd: string; agent: { id: string }; model: { id: string }; task: { id: string } };
}

async function askOne(
  recording: Recording,
  registered: readonly Registered[],
  after: string | null,
  { client, minQuality }: ReplayOptions,
): Promise<{ outcome: Outcome; evaluationId: string | null }> {
  const { taskClass, prompt } = recording;
  const input = { taskClass, prompt, latencyClass: 'RELAXED', ...(minQuality !== null && { minQuality }) };
  const asked = await client<Asked>(ASK, { input }, after === null ? {} : { 'x-mesh-after': after }).catch((error: unknown) => {
    if (error instanceof MeshError && UNANSWERED.has(error.code)) return error.code;
    throw error;
  });
  if (typeof asked === 'string')
    return { outcome: { recording, model: null, code: asked, right: false, cost: 0n }, evaluationId: null };
  const { costUsd, agent, model, task } = asked.ask;
  const who = registered.find(({ modelId }) => modelId === model.id);
  if (!who)
    throw new MeshError(
      'APPLY_FAILED',
      `${model.id} answered, which plays back nothing. Replay on a mesh without other agents for ${taskClass}.`,
    );
  const right = grade(recording, who.model) ?? false;
  const { evaluationRecord } = await client<{
    evaluationRecord: { evaluation: { id: string } | null; userErrors: { code: string; message: string }[] };
  }>(RECORD, {
    input: {
      taskId: task.id,
      agentId: agent.id,
      modelId: model.id,
      taskClass,
      metric: 'correct',
      score: right ? 1 : 0,
      passed: right,
      evaluator: 'replay',
      explanation: recording.gold === null ? 'As judged when it was recorded.' : 'Compared with the gold answer.',
      idempotencyKey: `replay:${task.id}`,
    },
  });
  const [refused] = evaluationRecord.userErrors;
  if (refused) throw new MeshError('APPLY_FAILED', `The mesh refused an evaluation: ${refused.code}: ${refused.message}`);
  const outcome = { recording, model: who.model, code: null, right, cost: parseUsd(costUsd) };
  return { outcome, evaluationId: evaluationRecord.evaluation!.id };
}

/** What a prompt may meet without the replay being over. */
const UNANSWERED = new Set(['NO_ROUTE', 'OVER_BUDGET', 'TASK_FAILED', 'TOO_BUSY', 'DEADLINE_EXCEEDED']);

async function summarize(
  outcomes: readonly Outcome[],
  registered: readonly Registered[],
  playback: Playback,
  { recordings, prices, client }: ReplayOptions,
): Promise<ReplayResult> {
  const strong = byPrice(recordings, prices).at(-1)!;
  const share = (of: (outcome: Outcome) => boolean): number => outcomes.filter(of).length / outcomes.length;
  const mesh = {
    name: 'the mesh',
    accuracy: share(({ right }) => right),
    cost: outcomes.reduce((sum, { cost }) => sum + cost, 0n),
    strongShare: share(({ model }) => model === strong),
  };
  const codes = outcomes.flatMap(({ code }) => code ?? []);
  return {
    mesh,
    baselines: baselines(recordings, prices, mesh.strongShare),
    models: modelsOf(recordings).map((model) => modelResult(model, outcomes, playback, prices)),
    taskClasses: classResults(outcomes, strong),
    unanswered: new Map(codes.map((code) => [code, codes.filter((each) => each === code).length])),
    judgedDifferently: outcomes.filter(
      ({ recording, model, right }) => model !== null && recording.answers.get(model)!.correct !== right,
    ).length,
    ledger: await ledgerOf(client, registered, playback),
    counted: registered.reduce((sum, { model }) => sum + costOf(playback.served(model), prices.get(model)!), 0n),
  };
}

function modelResult(
  model: string,
  outcomes: readonly Outcome[],
  playback: Playback,
  prices: ReadonlyMap<string, Pricing>,
): ModelResult {
  const own = outcomes.filter((outcome) => outcome.model === model);
  const { inputTokens, outputTokens } = playback.served(model);
  const cost = costOf(playback.served(model), prices.get(model)!);
  return { model, answers: own.length, right: own.filter(({ right }) => right).length, inputTokens, outputTokens, cost };
}

function classResults(outcomes: readonly Outcome[], strong: string): ClassResult[] {
  const classes = [...new Set(outcomes.map(({ recording }) => recording.taskClass))].sort();
  return classes.map((taskClass) => {
    const own = outcomes.filter(({ recording }) => recording.taskClass === taskClass);
    return {
      taskClass,
      prompts: own.length,
      right: own.filter(({ right }) => right).length,
      strong: own.filter(({ model }) => model === strong).length,
    };
  });
}

const LEDGER_MS = 30_000;

/** The ledger hears of usage by event: it is complete once it has as many requests as were served. */
async function ledgerOf(client: MeshClient, registered: readonly Registered[], playback: Playback): Promise<PicoUsd> {
  const served = registered.reduce((sum, { model }) => sum + playback.served(model).requests, 0);
  const ids = new Set(registered.map(({ modelId }) => modelId));
  const until = performance.now() + LEDGER_MS;
  for (;;) {
    const { spend } = await client<{ spend: { key: string; usd: string; requests: number }[] }>(
      '{ spend(groupBy: MODEL) { key usd requests } }',
    );
    const own = spend.filter(({ key }) => ids.has(key));
    const requests = own.reduce((sum, row) => sum + row.requests, 0);
    if (requests >= served || performance.now() > until) return own.reduce((sum, { usd }) => sum + parseUsd(usd), 0n);
    await delay(50);
  }
}
