import { randomUUID } from 'node:crypto';
import { AgentCard, Role, TaskState, type Part } from '@a2a-js/sdk';
import {
  AgentEvent,
  DefaultRequestHandler,
  InMemoryTaskStore,
  JsonRpcTransportHandler,
  ServerCallContext,
  type AgentExecutor,
} from '@a2a-js/sdk/server';
import type { Behaviour } from './serveEndpoint.js';

export const text = (value: string): Part => ({
  content: { $case: 'text', value },
  metadata: undefined,
  filename: '',
  mediaType: 'text/plain',
});

export const data = (value: object): Part => ({
  content: { $case: 'data', value },
  metadata: undefined,
  filename: '',
  mediaType: 'application/json',
});

export function cardOf(url: string, more: object = {}): AgentCard {
  return AgentCard.fromJSON({
    name: 'Adder',
    description: 'Adds.',
    version: '1.0.0',
    supportedInterfaces: [{ url: `${url}/rpc`, protocolBinding: 'JSONRPC', protocolVersion: '1.0' }],
    capabilities: { streaming: true },
    defaultInputModes: ['text/plain', 'application/json'],
    defaultOutputModes: ['text/plain'],
    skills: [
      { id: 'sums', name: 'Sums', description: 'Adds.', tags: ['math', 'task:math.arithmetic', 'task:math.words'] },
      { id: 'docs.question', name: 'Questions', description: 'Answers.', tags: [] },
    ],
    ...more,
  });
}

type End = { readonly state: TaskState; readonly parts?: Part[]; readonly says?: string; readonly usage?: object };

/** The SDK's own server: a card at /.well-known/agent-card.json and JSON-RPC at /rpc, whose agent works on a task and ends it so. */
export function a2aServer(card: () => AgentCard, end: End | 'message' | 'never'): Behaviour {
  const executor: AgentExecutor = {
    execute: async ({ taskId, contextId, userMessage }, bus) => {
      const message = (parts: Part[], metadata?: object) => ({
        ...userMessage,
        messageId: randomUUID(),
        role: Role.ROLE_AGENT,
        parts,
        metadata,
      });
      if (end === 'never') return new Promise<void>(() => undefined);
      if (end === 'message') {
        bus.publish(AgentEvent.message(message([text('Four.')], { usage: { inputTokens: 7, outputTokens: 2 } })));
        return bus.finished();
      }
      const about = { taskId, contextId };
      const status = (state: TaskState, says?: string) => ({
        state,
        message: says === undefined ? undefined : message([text(says)]),
        timestamp: undefined,
      });
      const working = { id: taskId, contextId, status: status(TaskState.TASK_STATE_WORKING), artifacts: [], history: [] };
      const metadata = end.usage ? { usage: end.usage } : undefined;
      bus.publish(AgentEvent.task({ ...working, metadata }));
      const artifact = { artifactId: 'answer', name: '', description: '', metadata: undefined, extensions: [] };
      for (const [index, part] of (end.parts ?? []).entries()) {
        const update = {
          ...about,
          artifact: { ...artifact, parts: [part] },
          append: index > 0,
          lastChunk: false,
          metadata: undefined,
        };
        bus.publish(AgentEvent.artifactUpdate(update));
      }
      bus.publish(AgentEvent.statusUpdate({ ...about, status: status(end.state, end.says), metadata: undefined }));
      bus.finished();
    },
    cancelTask: async () => undefined,
  };
  let rpc: JsonRpcTransportHandler | undefined;
  return async ({ path, body, headers, response }) => {
    if (path === '/.well-known/agent-card.json') {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(AgentCard.toJSON(card())));
      return;
    }
    rpc ??= new JsonRpcTransportHandler(new DefaultRequestHandler(card(), new InMemoryTaskStore(), executor));
    const context = new ServerCallContext({ requestedVersion: String(headers['a2a-version'] ?? '1.0') });
    const answer = await rpc.handle(body, context);
    if (!(Symbol.asyncIterator in answer)) {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answer));
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for await (const event of answer) response.write(`data: ${JSON.stringify(event)}\n\n`);
    response.end();
  };
}
