import { afterEach, describe, expect, it } from 'vitest';
import { daprTransport } from '../../../../subgraphs/agents/transports/daprTransport.js';
import { agentCall, type CallParts } from '../../../support/agentCall.js';
import { hang, json, reset, serveEndpoint, type Behaviour, type ReceivedRequest } from '../../../support/serveEndpoint.js';
import { flood, transportContract } from './transportContract.js';

// The sidecar here only looks like one; test/dapr has the real one.
const USAGE = { inputTokens: 7, outputTokens: 2 };
const answers = json(200, { text: '4', output: { sum: 4 }, usage: USAGE });
const parts: CallParts = { agent: { transport: 'DAPR', endpoint: 'dapr:adder/answer' } };
const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close();
});

const isProbe = ({ path }: ReceivedRequest): boolean => path.endsWith('/healthz');
const well: Behaviour = ({ response }) => void response.writeHead(204).end();

/** A sidecar that is well, unless `probed` says otherwise. Probes are not among its requests. */
async function open(apiToken: string | null = null, probed: Behaviour = well) {
  const probes: ReceivedRequest[] = [];
  let behaviour: Behaviour = answers;
  let onProbe = probed;
  const calls: ReceivedRequest[] = [];
  let wake: () => void = () => undefined;
  const served = await serveEndpoint((request) => {
    if (isProbe(request)) {
      probes.push(request);
      return onProbe(request);
    }
    calls.push(request);
    wake();
    return behaviour(request);
  });
  const endpoint = {
    ...served,
    requests: calls,
    behave: (next: Behaviour) => void (behaviour = next),
    nextRequest: async () => {
      while (calls.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      return calls[0]!;
    },
  };
  const transport = daprTransport({ url: served.url, apiToken });
  const close = async (): Promise<void> => {
    await transport.close();
    await served.close();
  };
  const under = { endpoint, transport, probes, close, probe: (next: Behaviour) => void (onProbe = next) };
  return under;
}

async function opens(...given: Parameters<typeof open>) {
  const under = await open(...given);
  opened.push(under);
  return under;
}

transportContract('DAPR', async () => {
  const { endpoint, transport, close } = await open();
  return {
    transport,
    close,
    parts,
    answered: { usage: { ...USAGE, cachedInputTokens: 0 } },
    refused: {},
    remote: {
      endpoint,
      answers,
      cannot: json(422, { error: { message: 'I only add.' } }),
      hangs: hang,
      breaks: [
        reset,
        json(500, { errorCode: 'ERR_DIRECT_INVOKE', message: 'no' }),
        json(404, {}),
        json(200, []),
        json(200, {}),
        json(200, { text: '4' }),
      ],
      floods: flood('application/json'),
    },
  };
});

describe('a Dapr agent', () => {
  it('is called through the sidecar, with its token, the trace and a key that is the same when it is repeated', async () => {
    const { transport, endpoint, probes } = await opens('a-secret');
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const call = agentCall({ agent: { transport: 'DAPR', endpoint: 'dapr-actor:MeshAgent/one/answer' }, traceparent });
    expect(await transport.call(call)).toMatchObject({ kind: 'answered' });
    const { method, path, headers, body } = endpoint.requests[0]!;
    expect([method, path]).toEqual(['POST', '/v1.0/actors/MeshAgent/one/method/answer']);
    expect(headers).toMatchObject({ 'dapr-api-token': 'a-secret', traceparent, 'idempotency-key': call.attemptId });
    expect(JSON.parse(body)).toMatchObject({ attemptId: call.attemptId, taskId: call.task.id, model: { id: 'm1' } });
    expect(probes.map(({ headers: sent }) => sent['dapr-api-token'])).toEqual(['a-secret']);
  });

  it('without a readable endpoint is not called at all', async () => {
    const { transport, endpoint, probes } = await opens();
    for (const wrong of [null, 'dapr:http://169.254.169.254/latest']) {
      const result = await transport.call(agentCall({ agent: { transport: 'DAPR', endpoint: wrong } }));
      expect(result).toMatchObject({ kind: 'failed', brokeDown: false, message: expect.stringContaining('dapr:<app-id>') });
    }
    expect([...endpoint.requests, ...probes]).toEqual([]);
  });

  it('says which of Dapr’s errors it was, and no more of it', async () => {
    const { transport, endpoint } = await opens();
    endpoint.behave(json(500, { errorCode: 'ERR_DIRECT_INVOKE', message: 'dial 10.0.0.7: secret' }));
    expect(await transport.call(agentCall(parts))).toMatchObject({ message: 'Dapr answered 500: ERR_DIRECT_INVOKE' });
  });
});

describe('the guard before the sidecar', () => {
  it('gives one that hangs half a second, and asks once for all who wait', async () => {
    const { transport, probes, endpoint } = await opens(null, hang);
    const startedAt = performance.now();
    const results = await Promise.all(Array.from({ length: 5 }, () => transport.call(agentCall(parts))));
    expect(performance.now() - startedAt).toBeLessThan(3_000);
    for (const result of results)
      expect(result).toEqual({
        kind: 'failed',
        usage: null,
        brokeDown: true,
        message: 'the Dapr sidecar does not answer within 500 ms',
      });
    expect([probes.length, endpoint.requests.length]).toEqual([1, 0]);
  });

  it('answers at once when nobody listens', async () => {
    const { transport, endpoint } = await opens();
    await endpoint.close();
    expect(await transport.call(agentCall(parts))).toMatchObject({ kind: 'failed', brokeDown: true, usage: null });
  });

  it('asks again after a failure only, and calls again once the sidecar is well', async () => {
    const { transport, probes, endpoint, probe } = await opens(null, json(500, {}));
    expect(await transport.call(agentCall(parts))).toMatchObject({ message: 'the Dapr sidecar is not ready: HTTP 500' });
    probe(well);
    for (const _ of [1, 2, 3]) expect(await transport.call(agentCall(parts))).toMatchObject({ kind: 'answered' });
    expect(probes).toHaveLength(2);
    endpoint.behave(reset);
    expect(await transport.call(agentCall(parts))).toMatchObject({ brokeDown: true });
    endpoint.behave(answers);
    expect(await transport.call(agentCall(parts))).toMatchObject({ kind: 'answered' });
    expect(probes).toHaveLength(3);
  });

  it('does not keep a caller whose time is over', async () => {
    const { transport, probes } = await opens(null, hang);
    const controller = new AbortController();
    const calling = transport.call(agentCall({ ...parts, signal: controller.signal }));
    while (probes.length === 0) await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    expect(await calling).toMatchObject({ message: 'it had no time left' });
  });
});
