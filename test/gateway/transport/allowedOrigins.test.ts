import type { IncomingHttpHeaders } from 'node:http';
import WebSocket from 'ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOriginCheck, mayAsk } from '../../../gateway/transport/allowedOrigins.js';
import { startTestGateway, type TestGateway } from '../support/startTestGateway.js';

const APP = 'https://app.example';
const EVIL = 'https://evil.example';
const OWN = 'http://mesh.example:4000';
const STUDIO = 'https://studio.apollographql.com';

describe('pages that may ask', () => {
  it.each<[string, boolean, string[] | null, (string | undefined)[], (string | undefined)[]]>([
    //                                            allowed                                    refused
    ['by default', false, null, [undefined, APP, EVIL, OWN, STUDIO], []],
    ['of a list', false, [APP], [undefined, APP, OWN], [EVIL, STUDIO, 'null', `${APP}.evil.example`, 'http://localhost:3000']],
    [
      'with development tokens',
      true,
      null,
      [undefined, STUDIO, 'http://localhost:3000', 'http://127.0.0.1:4000'],
      [APP, EVIL, OWN, 'null'],
    ],
    ['with development tokens and a list', true, [APP], [APP, STUDIO, 'http://[::1]:4000'], [EVIL, OWN]],
  ])('%s', (_, devTokens, listed, allowed, refused) => {
    const allows = createOriginCheck(devTokens, listed);
    expect(allowed.filter((origin) => !allows(origin, 'mesh.example:4000'))).toEqual([]);
    expect(refused.filter((origin) => allows(origin, 'mesh.example:4000'))).toEqual([]);
  });

  it.each<[string, IncomingHttpHeaders, boolean]>([
    ['of no browser', { host: 'mesh.example:4000' }, true],
    ['of its own page, by address', { host: '127.0.0.1:4000', 'sec-fetch-site': 'same-origin' }, true],
    ['of its own page, by a name of this machine', { host: 'localhost:4000', 'sec-fetch-site': 'same-origin' }, true],
    ['of a page under a name that was rebound', { host: 'evil.example:4000', 'sec-fetch-site': 'same-origin' }, false],
    [
      'of a page opened by its address',
      { host: 'mesh.example:4000', 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' },
      true,
    ],
    ['of a link', { host: 'mesh.example:4000', 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'navigate' }, true],
    ['of a page that is listed', { host: 'app.example', 'sec-fetch-site': 'same-origin' }, true],
    ['of another page', { host: '127.0.0.1:4000', origin: EVIL, 'sec-fetch-site': 'cross-site' }, false],
  ])('with development tokens: a GET %s', (_, headers, may) => {
    expect(mayAsk(createOriginCheck(true, [APP]), headers)).toBe(may);
  });

  describe('of a list, over the wire', () => {
    let mesh: TestGateway;
    beforeAll(async () => {
      mesh = await startTestGateway({ auth: { devTokens: false }, http: { corsOrigins: [APP] } });
    });
    afterAll(() => mesh.close());
    const ask = async (origin: string | null, method = 'POST', headers: Record<string, string> = {}) =>
      fetch(`${mesh.url}/graphql`, {
        method,
        headers: { 'content-type': 'application/json', ...(origin !== null && { origin }), ...headers },
        ...(method === 'POST' && { body: '{"query":"{ __typename }"}' }),
      });

    it('get what lets them read the answer, and nobody else does', async () => {
      const [own, other, none] = [await ask(APP), await ask(EVIL), await ask(null)];
      expect([own.status, own.headers.get('access-control-allow-origin')]).toEqual([200, APP]);
      expect(own.headers.get('access-control-expose-headers')).toContain('retry-after');
      expect([other.status, other.headers.get('access-control-allow-origin')]).toEqual([403, null]);
      expect([none.status, none.headers.get('access-control-allow-origin')]).toEqual([200, null]);
      for (const response of [own, none]) expect(response.headers.get('vary')).toContain('origin');
    });

    it('are told what they may send', async () => {
      const preflight = await ask(APP, 'OPTIONS', { 'access-control-request-method': 'PUT' });
      expect(preflight.status).toBe(204);
      expect(preflight.headers.get('access-control-allow-methods')).toContain('PUT');
      expect(preflight.headers.get('access-control-allow-headers')).toContain('x-graphql-event-stream-token');
      expect(preflight.headers.get('access-control-allow-credentials')).toBeNull();
      expect((await ask(EVIL, 'OPTIONS')).status).toBe(403);
      expect((await ask(null, 'OPTIONS')).headers.get('allow')).toContain('HEAD');
      const odd = await ask(null, 'PATCH');
      expect([odd.status, odd.headers.get('allow')]).toEqual([405, 'GET, HEAD, POST, PUT, DELETE, OPTIONS']);
    });

    it('open WebSockets, which no browser asks about before', async () => {
      const open = (origin: string): Promise<string> => {
        const socket = new WebSocket(`${mesh.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', {
          headers: { origin },
        });
        const opened = new Promise<string>((resolve) => {
          socket.once('open', () => resolve('open'));
          socket.once('error', ({ message }) => resolve(message));
        });
        return opened.finally(() => socket.terminate());
      };
      expect(await open(APP)).toBe('open');
      expect(await open(EVIL)).toContain('403');
    });
  });
});
