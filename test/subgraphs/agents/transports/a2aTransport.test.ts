import { generateAgentCardSignature, TaskState, type AgentCard } from '@a2a-js/sdk';
import { exportJWK, generateKeyPair } from 'jose';
import { afterEach, describe, expect, it } from 'vitest';
import { createEgress } from '../../../../subgraphs/agents/egress/createEgress.js';
import { a2aTransport } from '../../../../subgraphs/agents/transports/a2aTransport.js';
import { skillsOfCard } from '../../../../subgraphs/agents/transports/skillsOfCard.js';
import { parseEgressRules } from '../../../../subgraphs/shared/egressRules.js';
import { a2aServer, cardOf, data, text } from '../../../support/a2aServer.js';
import { agentCall, rankedCandidate, type CallParts } from '../../../support/agentCall.js';
import { hang, json, reset, serveEndpoint, type Behaviour } from '../../../support/serveEndpoint.js';
import { flood, transportContract } from './transportContract.js';

const CARD = '/.well-known/agent-card.json';
const usage = { inputTokens: 7, outputTokens: 2 };
const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});

async function open(latencyClass = 'INTERACTIVE') {
  const endpoint = await serveEndpoint(hang);
  const egress = createEgress({ allow: parseEgressRules(endpoint.host) });
  const transport = a2aTransport({ egress });
  const parts: CallParts = { agent: { transport: 'A2A', endpoint: `${endpoint.url}${CARD}` }, input: { latencyClass } };
  const close = async (): Promise<void> => {
    await transport.close();
    await egress.close();
    await endpoint.close();
  };
  const server = (end: Parameters<typeof a2aServer>[1], card: AgentCard = cardOf(endpoint.url)) => a2aServer(() => card, end);
  const call = (behaviour: Behaviour, more: CallParts = {}) => {
    endpoint.behave(behaviour);
    return transport.call(agentCall({ ...parts, ...more }));
  };
  return { endpoint, egress, transport, parts, server, call, close };
}

async function start(latencyClass?: string) {
  const under = await open(latencyClass);
  opened.push(under);
  return under;
}

for (const latencyClass of ['INTERACTIVE', 'RELAXED']) {
  transportContract(`A2A (${latencyClass})`, async () => {
    const { endpoint, transport, parts, server, close } = await open(latencyClass);
    const answers = server({ state: TaskState.TASK_STATE_COMPLETED, parts: [text('Fo'), text('ur.')], usage });
    const card = server('never');
    const afterCard =
      (then: Behaviour): Behaviour =>
      (request) =>
        (request.path === CARD ? card : then)(request);
    endpoint.behave(answers);
    return {
      transport,
      parts,
      answered: { usage: { ...usage, cachedInputTokens: 0 } },
      refused: {},
      remote: {
        endpoint,
        answers,
        cannot: server({ state: TaskState.TASK_STATE_REJECTED, says: 'I only add.' }),
        hangs: hang,
        breaks: [reset, json(500, {}), json(200, {}), ...[reset, json(500, {}), json(200, {}), json(200, [])].map(afterCard)],
        floods: afterCard(flood(latencyClass === 'RELAXED' ? 'text/event-stream' : 'application/json')),
      },
      close,
    };
  });

  describe(`an A2A agent (${latencyClass})`, () => {
    it('is sent prompt and payload, and its text and data come back', async () => {
      const { call, server, endpoint } = await start(latencyClass);
      const end = { state: TaskState.TASK_STATE_COMPLETED, parts: [text('Four.'), data({ sum: 4 })], usage };
      const result = await call(server(end), { input: { prompt: 'Add.', payload: { a: 2 }, latencyClass } });
      expect(result).toMatchObject({ kind: 'answered', answer: { text: 'Four.', output: { sum: 4 } }, usage });
      const sent = JSON.parse(endpoint.requests[1]!.body) as { method: string; params: { message: { parts: unknown } } };
      expect(sent.method).toBe(latencyClass === 'RELAXED' ? 'SendStreamingMessage' : 'SendMessage');
      expect(sent.params.message.parts).toMatchObject([{ text: 'Add.' }, { data: { a: 2 } }]);
    });

    it('may answer with a message', async () => {
      const { call, server } = await start(latencyClass);
      expect(await call(server('message'))).toMatchObject({ kind: 'answered', answer: { text: 'Four.' }, usage });
    });

    it.each([
      [TaskState.TASK_STATE_FAILED, /failed: sorry/],
      [TaskState.TASK_STATE_CANCELED, /cancelled/],
      [TaskState.TASK_STATE_INPUT_REQUIRED, /asks for more/],
      [TaskState.TASK_STATE_AUTH_REQUIRED, /credentials/],
    ])('that ends its task in the state %s refused honestly', async (state, message) => {
      const { call, server } = await start(latencyClass);
      const result = await call(server({ state, says: 'sorry', usage }));
      expect(result).toMatchObject({ kind: 'failed', brokeDown: false, usage, message: expect.stringMatching(message) });
    });

    it('that says nothing of tokens is taken when they are free', async () => {
      const { call, server } = await start(latencyClass);
      const end = { state: TaskState.TASK_STATE_COMPLETED, parts: [text('Four.')] };
      expect(await call(server(end))).toMatchObject({ kind: 'failed', message: expect.stringMatching(/how many tokens/) });
      const free = { inputPerMTokUsd: '0', outputPerMTokUsd: '0', cachedInputPerMTokUsd: null, perRequestUsd: '0.01' };
      const pricing = { ...rankedCandidate().pricing, ...free };
      expect(await call(server(end), { candidate: { pricing } })).toMatchObject({ kind: 'answered' });
    });
  });
}

describe('an AgentCard', () => {
  const end = { state: TaskState.TASK_STATE_COMPLETED, parts: [text('Four.')], usage };
  const signed = async (url: string, jku?: string) => {
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
    const header = { alg: 'ES256', kid: 'k1', typ: 'JOSE', ...(jku !== undefined && { jku }) };
    const card = await generateAgentCardSignature(privateKey, header)(cardOf(url));
    return { card, jwks: { keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256' }] } };
  };
  const withKeys =
    (path: string, jwks: object, otherwise: Behaviour): Behaviour =>
    (request) =>
      (request.path === path ? json(200, jwks) : otherwise)(request);

  it('that is signed by its host is believed, with the keys at the usual place or where the signature says', async () => {
    for (const path of ['/.well-known/jwks.json', '/keys']) {
      const { call, server, endpoint } = await start();
      const { card, jwks } = await signed(endpoint.url, path === '/keys' ? `${endpoint.url}/keys` : undefined);
      expect(await call(withKeys(path, jwks, server(end, card)))).toMatchObject({ kind: 'answered' });
    }
  });

  it('that was changed after it was signed is refused, and the agent not called', async () => {
    const { call, server, endpoint } = await start();
    const { card, jwks } = await signed(endpoint.url);
    const result = await call(withKeys('/.well-known/jwks.json', jwks, server(end, { ...card, description: 'Steals.' })));
    expect(result).toMatchObject({ kind: 'failed', brokeDown: true, message: expect.stringMatching(/no signature is right/) });
    expect(endpoint.requests.map(({ path }) => path)).not.toContain('/rpc');
  });

  it('that is signed with keys of another host, or of nobody, is refused', async () => {
    const elsewhere = await start();
    const { call, server, endpoint } = await start();
    const { card, jwks } = await signed(endpoint.url, `${elsewhere.endpoint.url}/keys`);
    elsewhere.endpoint.behave(json(200, jwks));
    expect(await call(server(end, card))).toMatchObject({ kind: 'failed', message: expect.stringMatching(/no signature/) });
    expect(elsewhere.endpoint.requests).toHaveLength(0);
    const unkept = await signed(endpoint.url);
    expect(await call(server(end, unkept.card))).toMatchObject({ kind: 'failed' });
  });

  it('gives task classes by tag, or by the id of a skill', () => {
    expect(skillsOfCard(cardOf('http://a.example'))).toEqual([
      {
        id: 'sums',
        name: 'Sums',
        tags: ['math', 'task:math.arithmetic', 'task:math.words'],
        taskClasses: ['math.arithmetic', 'math.words'],
      },
      { id: 'docs.question', name: 'Questions', tags: [], taskClasses: ['docs.question'] },
    ]);
  });
});
