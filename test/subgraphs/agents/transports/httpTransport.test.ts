import { afterEach, describe, expect, it } from 'vitest';
import { createEgress } from '../../../../subgraphs/agents/egress/createEgress.js';
import { httpTransport } from '../../../../subgraphs/agents/transports/httpTransport.js';
import { parseEgressRules } from '../../../../subgraphs/shared/egressRules.js';
import { agentCall, rankedCandidate, type CallParts } from '../../../support/agentCall.js';
import { hang, json, reset, serveEndpoint, type Behaviour } from '../../../support/serveEndpoint.js';
import { flood, transportContract } from './transportContract.js';

const USAGE = { inputTokens: 7, outputTokens: 2 };
const answers = json(200, { text: '4', output: { sum: 4 }, usage: USAGE });
const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});

async function open() {
  const endpoint = await serveEndpoint(answers);
  const egress = createEgress({ allow: parseEgressRules(endpoint.host) });
  const transport = httpTransport({ egress });
  const parts: CallParts = { agent: { transport: 'HTTP', endpoint: `${endpoint.url}/work` } };
  const close = async (): Promise<void> => {
    await transport.close();
    await egress.close();
    await endpoint.close();
  };
  const call = (behaviour: Behaviour, more: CallParts = {}) => {
    endpoint.behave(behaviour);
    return transport.call(agentCall({ ...parts, ...more }));
  };
  return { endpoint, transport, parts, call, close };
}

transportContract('HTTP', async () => ({
  ...(await open().then(({ endpoint, ...under }) => ({
    ...under,
    remote: {
      endpoint,
      answers,
      cannot: json(422, { error: { message: 'I only add.' } }),
      hangs: hang,
      breaks: [
        reset,
        json(500, {}),
        json(404, {}),
        json(200, []),
        json(200, { text: 5 }),
        json(200, {}),
        json(200, { text: '4' }),
      ],
      floods: flood('application/json'),
    },
  }))),
  answered: { usage: { ...USAGE, cachedInputTokens: 0 } },
  refused: {},
}));

describe('a call of an HTTP agent', () => {
  it('is one POST that says everything, with a key that is the same when it is repeated', async () => {
    const under = await open();
    opened.push(under);
    const call = agentCall({
      ...under.parts,
      input: { prompt: 'Add.', payload: { a: 2 } },
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      deadlineAt: Date.parse('2026-03-01T12:00:00Z'),
    });
    expect(await under.transport.call(call)).toMatchObject({ answer: { text: '4', output: { sum: 4 } } });
    const { method, path, headers, body } = await under.endpoint.nextRequest();
    expect([method, path, headers['idempotency-key']]).toEqual(['POST', '/work', call.attemptId]);
    expect(headers['traceparent']).toContain('0af7651916cd43dd8448eb211c80319c');
    expect(JSON.parse(body)).toEqual({
      taskId: call.task.id,
      attemptId: call.attemptId,
      taskClass: 'math.arithmetic',
      agentId: 'a1',
      instructions: null,
      prompt: 'Add.',
      payload: { a: 2 },
      model: { id: 'm1', name: 'model-one' },
      maxCostUsd: '1',
      deadlineAt: '2026-03-01T12:00:00.000Z',
    });
  });

  it('that is refused is paid as far as the agent says what it used, and quotes it on one short line', async () => {
    const under = await open();
    opened.push(under);
    const said = `no\nway ${'x'.repeat(1_000)}`;
    const refused = await under.call(json(200, { error: { message: said }, usage: USAGE }));
    expect(refused).toMatchObject({ kind: 'failed', brokeDown: false, usage: USAGE });
    expect(refused.kind === 'failed' && refused.message).toMatch(/^no way x{290,300}…$/);
  });

  it('is not paid beyond the cap, nor for what cannot be true', async () => {
    const under = await open();
    opened.push(under);
    for (const usage of [
      { inputTokens: 2_000_000, outputTokens: 0 },
      { inputTokens: -1, outputTokens: 0 },
      { inputTokens: '7' },
      {},
    ])
      expect(await under.call(json(200, { text: '4', usage }))).toMatchObject({ kind: 'failed', brokeDown: true, usage: null });
  });

  it('of an agent whose tokens are free needs no report', async () => {
    const under = await open();
    opened.push(under);
    const pricing = { ...rankedCandidate().pricing, inputPerMTokUsd: '0', outputPerMTokUsd: '0', cachedInputPerMTokUsd: '0' };
    expect(await under.call(json(200, { output: { ok: true } }), { candidate: { pricing } })).toMatchObject({
      kind: 'answered',
      answer: { text: '', output: { ok: true } },
    });
  });
});
