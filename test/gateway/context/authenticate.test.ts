import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLocalJWKSet, exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { createAuthenticator, type Authenticate } from '../../../gateway/context/authenticate.js';

const NOW = Date.UTC(2026, 0, 2);
const jwt = { jwksUrl: 'https://id.example/jwks', issuer: 'https://id.example', audience: 'mesh' };
const READ_ALL = ['agents.read', 'models.read', 'tasks.read', 'evaluations.read', 'costs.read', 'policies.read'];

describe('development tokens', () => {
  const authenticate = createAuthenticator({ devTokens: true, jwt: null }, () => NOW);

  it.each([
    ['dev-admin', { id: 'admin', kind: 'USER', tenant: 'demo', roles: ['admin'], scopes: [...READ_ALL, 'tasks.run'] }],
    ['dev-analyst', { id: 'analyst', kind: 'USER', tenant: 'demo', roles: ['analyst'], scopes: [...READ_ALL, 'tasks.run'] }],
    ['dev-viewer', { id: 'viewer', kind: 'USER', tenant: 'demo', roles: ['viewer'], scopes: READ_ALL.slice(0, 3) }],
    [
      'dev-agent:abacus',
      { id: 'abacus', kind: 'AGENT', tenant: 'demo', roles: ['agent'], scopes: [...READ_ALL.slice(0, 3), 'tasks.run'] },
    ],
  ])('%s', async (token, principal) => {
    expect((await authenticate(`Bearer ${token}`)).principal).toEqual({ ...principal, clearances: [], region: null });
  });

  it('are refused where they are not accepted', async () => {
    const closed = createAuthenticator({ devTokens: false, jwt: null }, () => NOW);
    await expect(closed('Bearer dev-admin')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it.each([null, 7, true, {}, ['Bearer dev-admin']])('are refused, not taken for anonymous, when they are %j', async (value) => {
    await expect(authenticate(value)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('are not needed for the anonymous caller', async () => {
    expect((await authenticate(undefined)).principal).toMatchObject({ kind: 'ANONYMOUS', tenant: null, scopes: [] });
  });

  it.each([
    'Bearer',
    'Bearer ',
    'dev-admin',
    'Basic dev-admin',
    'Bearer dev-root',
    'Bearer dev-agent:',
    'Bearer dev-agent:a b',
    'Bearer a\nb',
  ])('refuse %j', async (authorization) => {
    await expect(authenticate(authorization)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});

describe('JWTs', () => {
  let authenticate: Authenticate;
  let sign: (claims: Record<string, unknown>, change?: (token: SignJWT) => SignJWT) => Promise<string>;
  let signByStranger: () => Promise<string>;
  beforeAll(async () => {
    const ours = await generateKeyPair('ES256');
    const stranger = await generateKeyPair('ES256');
    const keys = createLocalJWKSet({ keys: [{ ...(await exportJWK(ours.publicKey)), alg: 'ES256', kid: 'k1' }] });
    authenticate = createAuthenticator({ devTokens: false, jwt }, () => NOW, keys);
    const base = (claims: Record<string, unknown>) =>
      new SignJWT({ tenant: 'acme', ...claims })
        .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
        .setSubject('ada')
        .setIssuer(jwt.issuer)
        .setAudience(jwt.audience)
        .setExpirationTime(NOW / 1000 + 60);
    sign = async (claims, change = (token) => token) => `Bearer ${await change(base(claims)).sign(ours.privateKey)}`;
    signByStranger = async () => `Bearer ${await base({}).sign(stranger.privateKey)}`;
  });

  it('make a principal of their claims, and end when they say', async () => {
    const token = await sign({
      roles: ['lead'],
      scope: 'agents.read tasks.read',
      clearances: ['PII'],
      region: 'eu',
      kind: 'SERVICE',
    });
    expect(await authenticate(token)).toEqual({
      principal: {
        id: 'ada',
        kind: 'SERVICE',
        tenant: 'acme',
        roles: ['lead'],
        scopes: ['agents.read', 'tasks.read'],
        clearances: ['PII'],
        region: 'eu',
      },
      expiresAt: NOW + 60_000,
    });
  });

  it('never grant what is the gateway’s own', async () => {
    const { principal } = await authenticate(await sign({ scopes: ['mesh.internal', 'tasks.read'], roles: ['gateway', 'x'] }));
    expect(principal).toMatchObject({ scopes: ['tasks.read'], roles: ['x'] });
  });

  it.each<[string, () => Promise<string>]>([
    ['expired', () => sign({}, (token) => token.setExpirationTime(NOW / 1000 - 1))],
    ['of another issuer', () => sign({}, (token) => token.setIssuer('https://evil.example'))],
    ['for another audience', () => sign({}, (token) => token.setAudience('shop'))],
    ['not valid yet', () => sign({}, (token) => token.setNotBefore(NOW / 1000 + 60))],
    ['without a tenant', () => sign({ tenant: undefined })],
    ['of every tenant', () => sign({ tenant: '*' })],
    ['of an unknown kind', () => sign({ kind: 'ROOT' })],
    ['signed by a stranger', () => signByStranger()],
    [
      'unsigned',
      async () =>
        `Bearer ${[{ alg: 'none' }, { sub: 'ada', tenant: 'acme', exp: NOW / 1000 + 60 }]
          .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
          .join('.')}.`,
    ],
    [
      'signed with a shared secret',
      async () =>
        `Bearer ${await new SignJWT({ tenant: 'acme' })
          .setProtectedHeader({ alg: 'HS256', kid: 'k1' })
          .setSubject('ada')
          .setIssuer(jwt.issuer)
          .setAudience(jwt.audience)
          .setExpirationTime(NOW / 1000 + 60)
          .sign(new Uint8Array(32))}`,
    ],
  ])('are refused when %s', async (_, make) => {
    await expect(authenticate(await make())).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});

describe('a key set over HTTP', () => {
  const signed = async (key: CryptoKey, kid: string) =>
    `Bearer ${await new SignJWT({ tenant: 'acme' })
      .setProtectedHeader({ alg: 'ES256', kid })
      .setSubject('ada')
      .setIssuer(jwt.issuer)
      .setAudience(jwt.audience)
      .setExpirationTime(NOW / 1000 + 60)
      .sign(key)}`;

  it('is fetched when first needed, kept, and a key that is not in it is refused', async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256');
    let fetched = 0;
    const body = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), alg: 'ES256', kid: 'k1' }] });
    const server = createServer((_, response) => {
      fetched++;
      response.setHeader('content-type', 'application/json').end(body);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const jwksUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`;
      const authenticate = createAuthenticator({ devTokens: false, jwt: { ...jwt, jwksUrl } }, () => NOW);
      expect(fetched).toBe(0);
      const token = await signed(privateKey, 'k1');
      expect((await authenticate(token)).principal.id).toBe('ada');
      expect((await authenticate(token)).principal.id).toBe('ada');
      expect(fetched).toBe(1);
      await expect(authenticate(await signed(privateKey, 'k2'))).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });

  it('that cannot be fetched lets nobody in', async () => {
    const { privateKey } = await generateKeyPair('ES256');
    const server = createServer((_, response) => response.writeHead(500).end()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const jwksUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`;
    const authenticate = createAuthenticator({ devTokens: false, jwt: { ...jwt, jwksUrl } }, () => NOW);
    const token = await signed(privateKey, 'k1');
    await expect(authenticate(token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await expect(authenticate(token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});
