import { setTimeout as pause } from 'node:timers/promises';
import { Role, TaskState, type Message, type Part, type SendMessageRequest, type StreamResponse, type Task } from '@a2a-js/sdk';
import { ClientFactory, JsonRpcTransportFactory, RestTransportFactory, type Client } from '@a2a-js/sdk/client';
import { LRUCache } from 'lru-cache';
import type { Egress } from '../egress/createEgress.js';
import { EgressError } from '../egress/EgressError.js';
import type { AgentCall, AgentResult, AgentTransport } from './AgentTransport.js';
import { brokeDown, cannot, quoted } from './failed.js';
import { CardError, readAgentCard } from './readAgentCard.js';
import { checkUsage, UNBOUNDED, type UsageReport } from './reportedUsage.js';

/** An agent as its card describes it. */
interface Known {
  readonly client: Client;
  readonly streams: boolean;
}

const CARDS = 500;
const CARD_TTL_MS = 5 * 60_000;
const POLL_MS = 500;
const MAX_TEXT = 1_000_000;
const WAITS_LITTLE = new Set<unknown>(['REALTIME', 'INTERACTIVE']);

/**
 * Agents that speak A2A 1.0. An agent's endpoint is the URL of its AgentCard, which says where and how to call it (JSON-RPC or
 * HTTP+JSON) and is read again every five minutes. RELAXED and BATCH tasks are streamed where the card says that the agent streams.
 *
 * A2A reports no tokens. An agent that is paid by the token says what it used in `metadata.usage` of its message or task
 * ({inputTokens, cachedInputTokens, outputTokens}); otherwise its model must cost nothing but a price per request.
 */
export function a2aTransport({ egress }: { egress: Egress }): AgentTransport {
  const cards = new LRUCache<string, Known>({ max: CARDS, ttl: CARD_TTL_MS });
  const factory = new ClientFactory({
    transports: [
      new JsonRpcTransportFactory({ fetchImpl: fetchThrough(egress) }),
      new RestTransportFactory({ fetchImpl: fetchThrough(egress) }),
    ],
  });

  const know = async (url: string, signal: AbortSignal): Promise<Known> => {
    const found = cards.get(url);
    if (found) return found;
    const card = await readAgentCard(egress, url, signal);
    const known = { client: await factory.createFromAgentCard(card), streams: card.capabilities?.streaming === true };
    cards.set(url, known);
    return known;
  };

  return {
    call: async (call) => {
      const { agent, signal, traceparent } = call;
      if (agent.endpoint === null) return cannot('the agent has no AgentCard');
      try {
        signal.throwIfAborted();
        const { client, streams } = await know(agent.endpoint, signal);
        const options = { signal, ...(traceparent !== undefined && { serviceParameters: { traceparent } }) };
        const isStreamed = streams && !WAITS_LITTLE.has(call.task.input['latencyClass'] ?? 'INTERACTIVE');
        const end = isStreamed
          ? await lastOf(client.sendMessageStream(toRequest(call), options))
          : await client.sendMessage(toRequest(call), options);
        return resultOf(await whenOver(end, client, options), call);
      } catch (error) {
        cards.delete(agent.endpoint);
        if (signal.aborted) return brokeDown('it had no time left');
        return brokeDown(describe(error));
      }
    },
    close: async () => cards.clear(),
  };
}

function fetchThrough(egress: Egress): typeof fetch {
  return (input, init) => {
    const { method, headers, body, signal } = init ?? {};
    return egress.fetch(input instanceof Request ? input.url : String(input), {
      method: method === 'POST' ? 'POST' : 'GET',
      headers: Object.fromEntries(new Headers(headers)),
      ...(typeof body === 'string' && { body }),
      signal: signal ?? new AbortController().signal,
    });
  };
}

function toRequest({ attemptId, task, candidate }: AgentCall): SendMessageRequest {
  const { prompt, payload } = task.input;
  const parts: Part[] = [];
  const part = { metadata: undefined, filename: '' };
  if (prompt) parts.push({ ...part, content: { $case: 'text', value: prompt }, mediaType: 'text/plain' });
  if (payload !== undefined && payload !== null)
    parts.push({ ...part, content: { $case: 'data', value: payload }, mediaType: 'application/json' });
  return {
    tenant: '',
    message: {
      messageId: attemptId,
      contextId: '',
      taskId: '',
      role: Role.ROLE_USER,
      parts,
      metadata: { taskId: task.id, taskClass: task.taskClass, maxCostUsd: candidate.capUsd },
      extensions: [],
      referenceTaskIds: [],
    },
    configuration: {
      acceptedOutputModes: ['text/plain', 'application/json'],
      taskPushNotificationConfig: undefined,
      returnImmediately: false,
    },
    metadata: undefined,
  };
}

/** What a stream comes to: its message, or its task with every change applied. */
async function lastOf(stream: AsyncIterable<StreamResponse>): Promise<Message | Task> {
  let message: Message | undefined;
  let task: Task | undefined;
  for await (const { payload } of stream) {
    if (payload?.$case === 'message') message = payload.value;
    if (payload?.$case === 'task') task = payload.value;
    if (payload?.$case === 'statusUpdate') {
      const { taskId, contextId, status, metadata } = payload.value;
      const known = task ?? { id: taskId, contextId, status, artifacts: [], history: [], metadata: undefined };
      task = { ...known, status, metadata: { ...known.metadata, ...metadata } };
    }
    const artifact = payload?.$case === 'artifactUpdate' ? payload.value.artifact : undefined;
    if (payload?.$case !== 'artifactUpdate' || !artifact) continue;
    const { taskId, contextId, append } = payload.value;
    const known: Task = task ?? { id: taskId, contextId, status: undefined, artifacts: [], history: [], metadata: undefined };
    const before = known.artifacts.find(({ artifactId }) => artifactId === artifact.artifactId);
    const whole = append && before ? { ...before, parts: [...before.parts, ...artifact.parts] } : artifact;
    const others = known.artifacts.filter(({ artifactId }) => artifactId !== artifact.artifactId);
    task = { ...known, artifacts: [...others, whole] };
  }
  const end = message ?? task;
  if (!end) throw new Error('the stream told of nothing');
  return end;
}

/** An agent may answer before its task is over; it is then asked again until the attempt has no time left. */
async function whenOver(end: Message | Task, client: Client, options: { signal: AbortSignal }): Promise<Message | Task> {
  let current = end;
  while ('status' in current && isRunning(current)) {
    await pause(POLL_MS, undefined, options);
    current = await client.getTask({ tenant: '', id: current.id }, options);
  }
  return current;
}

function isRunning({ status }: Task): boolean {
  const state = status?.state ?? TaskState.TASK_STATE_UNSPECIFIED;
  return state === TaskState.TASK_STATE_SUBMITTED || state === TaskState.TASK_STATE_WORKING;
}

const REFUSALS: Readonly<Record<number, string>> = {
  [TaskState.TASK_STATE_FAILED]: 'the agent failed',
  [TaskState.TASK_STATE_CANCELED]: 'the agent cancelled its task',
  [TaskState.TASK_STATE_REJECTED]: 'the agent rejected the task',
  [TaskState.TASK_STATE_INPUT_REQUIRED]: 'the agent asks for more than it was given',
  [TaskState.TASK_STATE_AUTH_REQUIRED]: 'the agent asks for credentials, which the mesh does not have',
};

function resultOf(end: Message | Task, { candidate }: AgentCall): AgentResult {
  const reported = (end.metadata as { usage?: UsageReport } | undefined)?.usage;
  const paid = checkUsage(typeof reported === 'object' ? reported : null, candidate, UNBOUNDED);
  const usage = paid.ok && reported ? paid.usage : null;
  if ('status' in end && end.status?.state !== TaskState.TASK_STATE_COMPLETED) {
    const refusal = REFUSALS[end.status?.state ?? TaskState.TASK_STATE_UNSPECIFIED];
    if (refusal === undefined) return brokeDown('the agent left its task in a state that A2A 1.0 does not have', usage);
    const said = textOf(end.status?.message?.parts ?? []);
    return cannot(said === '' ? refusal : `${refusal}: ${quoted(said)}`, usage);
  }
  if (!paid.ok) return brokeDown(paid.why);
  const parts = 'status' in end ? end.artifacts.flatMap((artifact) => artifact.parts) : end.parts;
  // Some agents put their answer into the last status instead of an artifact.
  const told = parts.length > 0 || !('status' in end) ? parts : (end.status?.message?.parts ?? []);
  const [text, output] = [textOf(told), dataOf(told)];
  if (text.length > MAX_TEXT) return brokeDown(`its answer has over ${MAX_TEXT} characters`, usage);
  if (text === '' && Object.keys(output).length === 0) return brokeDown('the agent answered with neither text nor data', usage);
  return { kind: 'answered', answer: { text, output }, usage: paid.usage };
}

function textOf(parts: readonly Part[]): string {
  return parts.map(({ content }) => (content?.$case === 'text' ? content.value : '')).join('');
}

function dataOf(parts: readonly Part[]): Record<string, unknown> {
  const values = parts.flatMap(({ content }) => (content?.$case === 'data' ? [content.value as unknown] : []));
  const isObject = (value: unknown): value is object => value !== null && typeof value === 'object' && !Array.isArray(value);
  return Object.assign({}, ...values.map((value) => (isObject(value) ? value : { data: value }))) as Record<string, unknown>;
}

function describe(fault: unknown): string {
  if (fault instanceof CardError) return fault.message.replace(/\.$/, '');
  for (let error = fault; error instanceof Error; error = error.cause) if (error instanceof EgressError) return error.message;
  return 'the agent did not answer as A2A 1.0 says';
}
