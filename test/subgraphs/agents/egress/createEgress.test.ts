import { gzipSync } from 'node:zlib';
import type { lookup } from 'node:dns';
import { afterEach, describe, expect, it } from 'vitest';
import { createEgress, type EgressOptions } from '../../../../subgraphs/agents/egress/createEgress.js';
import { parseEgressRules } from '../../../../subgraphs/shared/egressRules.js';
import { hang, json, serveEndpoint, type Behaviour } from '../../../support/serveEndpoint.js';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0).toReversed()) await each.close();
});

async function open(behaviour: Behaviour, options: Partial<EgressOptions> = {}) {
  const endpoint = await serveEndpoint(behaviour);
  const egress = createEgress({ allow: parseEgressRules('127.0.0.0/8'), ...options });
  opened.push(endpoint, egress);
  const get = (url = endpoint.url) => egress.fetch(url, { method: 'GET', signal: new AbortController().signal });
  return { endpoint, egress, get };
}

/** Answers each lookup with the next of the lists. */
function names(...answers: string[][]) {
  const asked: string[] = [];
  const fake = ((name: string, _: object, callback: (error: null, found: object[]) => void) => {
    asked.push(name);
    callback(
      null,
      (answers[asked.length - 1] ?? answers.at(-1)!).map((address) => ({ address, family: 4 })),
    );
  }) as unknown as typeof lookup;
  return { asked, fake };
}

describe('outbound calls', () => {
  it('reach whom the rules allow, and show whatever status they answer', async () => {
    const { get } = await open(json(418, { short: 'and stout' }));
    const response = await get();
    expect([response.status, await response.json()]).toEqual([418, { short: 'and stout' }]);
  });

  it.each([
    ['an address written out', 'http://127.0.0.1:1/'],
    ['an address as one number', 'http://2130706433:1/'],
    ['an address in hexadecimal', 'http://0x7f.0.0.1:1/'],
    ['an IPv6 address', 'http://[::1]:1/'],
    ['an IPv4 address in IPv6 clothing', 'http://[::ffff:127.0.0.1]:1/'],
    ['a name of this host', 'http://localhost:1/'],
  ])('are refused to %s', async (_, url) => {
    const { get } = await open(hang, { allow: [] });
    await expect(get(url)).rejects.toThrow(/not public.*MESH_EGRESS_ALLOW/);
  });

  it.each(['ftp://example.com/', 'file:///etc/passwd', 'http://user:password@example.com/', 'not a url'])(
    'are refused to %s',
    async (url) => {
      const { get } = await open(hang);
      await expect(get(url)).rejects.toThrow(/the endpoint/);
    },
  );

  it('go only to addresses that were judged, when a name has several or changes them', async () => {
    const { asked, fake } = names(['10.0.0.9', '127.0.0.1'], ['10.0.0.9']);
    const { endpoint, get } = await open(json(200, 'here'), { lookup: fake });
    const url = endpoint.url.replace('127.0.0.1', 'rebinding.example');
    expect(await (await get(url)).json()).toBe('here');
    endpoint.requests[0]!.response.socket?.destroy();
    await endpoint.requests[0]!.disconnected;
    await expect(get(url)).rejects.toThrow(/rebinding\.example is at an address that is not public/);
    expect(asked).toEqual(['rebinding.example', 'rebinding.example']);
    expect(endpoint.requests).toHaveLength(1);
  });

  it('tell nobody which address a name has', async () => {
    const { get } = await open(hang, { lookup: names(['10.20.30.40']).fake });
    const error = await get('http://intranet.example/').catch((thrown: unknown) => thrown as Error);
    expect((error as Error).message).not.toContain('10.20');
  });

  it('follow no redirect', async () => {
    const { endpoint, get } = await open(({ response }) => void response.writeHead(307, { location: '/elsewhere' }).end());
    await expect(get()).rejects.toThrow('redirect');
    expect(endpoint.requests).toHaveLength(1);
  });

  it('unpack nothing', async () => {
    const { get } = await open(({ response, headers }) => {
      expect(headers['accept-encoding']).toBe('identity');
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('x'.repeat(1_000_000)));
    });
    await expect(get()).rejects.toThrow('compressed');
  });

  it('read so much and no more', async () => {
    const { get, endpoint } = await open(({ response }) => void response.end('x'.repeat(2_000)), { maxResponseBytes: 1_000 });
    const response = await get();
    await expect(response.text()).rejects.toThrow('more than is allowed');
    await endpoint.requests[0]!.disconnected;
  });

  it('wait so long for an answer, and for the rest of one', async () => {
    const { get, endpoint } = await open(hang, { headersTimeoutMs: 100, idleTimeoutMs: 100 });
    await expect(get()).rejects.toThrow('did not begin to answer in time');
    await (
      await endpoint.nextRequest()
    ).disconnected;
    endpoint.behave(({ response }) => void response.writeHead(200).write('half'));
    await expect((await get()).text()).rejects.toThrow('fell silent');
  });

  it('are broken off by their signal, and by the end of the process', async () => {
    const { egress, endpoint } = await open(hang);
    const controller = new AbortController();
    const aborted = egress.fetch(endpoint.url, { method: 'GET', signal: controller.signal });
    const request = await endpoint.nextRequest();
    controller.abort(new Error('enough'));
    await expect(aborted).rejects.toThrow('enough');
    await request.disconnected;
    const cut = egress.fetch(endpoint.url, { method: 'GET', signal: new AbortController().signal });
    cut.catch(() => undefined);
    const second = await endpoint.nextRequest();
    await egress.close();
    await expect(cut).rejects.toThrow();
    await second.disconnected;
  });
});
