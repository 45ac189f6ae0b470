import fc from 'fast-check';
import { getNamedType, isCompositeType, parse, validate, type GraphQLCompositeType } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cache } from '../../../gateway/cache/Cache.js';
import { createMemoryCache } from '../../../gateway/cache/memoryCache.js';
import { loadSupergraph } from '../../../gateway/planner/loadSupergraph.js';
import { dataOf, send, socketClient, watch } from '../../support/graphqlClient.js';
import { openMesh, type MeshGateway } from '../../support/meshInProcess.js';
import { supergraphSdl } from '../support/startTestGateway.js';

/** `cached` and `twin` share one cache, as two gateways on one Redis do; `plain` has none, and changes are made through it. */
describe('a mesh whose gateways cache', () => {
  let mesh: Awaited<ReturnType<typeof openMesh>>;
  let plain: MeshGateway;
  let cached: MeshGateway;
  let twin: MeshGateway;
  beforeAll(async () => {
    mesh = await openMesh();
    plain = await mesh.openGateway(null);
    await mesh.apply(plain.url);
    await mesh.settled();
    const shared: Cache = createMemoryCache({ clock: Date.now });
    cached = await mesh.openGateway(shared);
    twin = await mesh.openGateway(shared);
  });
  afterAll(async () => {
    for (const gateway of [plain, cached, twin]) await gateway?.close();
    await mesh?.close();
  });

  const change = async (mutation: string): Promise<void> => {
    const { payload } = await dataOf<{ payload: { userErrors: unknown[] } }>(
      plain.url,
      `mutation { payload: ${mutation} { userErrors { message } } }`,
    );
    expect(payload.userErrors).toEqual([]);
  };
  /** Makes a change and waits until both caching gateways have heard of it; resolves to how long that took, milliseconds. */
  const changeAndHear = async (subgraph: string, mutation: string): Promise<number> => {
    const before = [cached, twin].map(({ generations }) => generations.of([subgraph]));
    await change(mutation);
    const changedAt = performance.now();
    await expect
      .poll(() => [cached, twin].every(({ generations }, index) => generations.of([subgraph]) !== before[index]), {
        interval: 2,
        timeout: 5_000,
      })
      .toBe(true);
    return performance.now() - changedAt;
  };

  it('asks no subgraph for what it has, and forgets it within a second of a change on every gateway', async () => {
    const query = '{ agents(first: 10) { nodes { id name models { name pricing { version } } } } }';
    await dataOf(cached.url, query);
    const asked = ['agents', 'models'].map((name) => cached.requests(name));
    const twinAsked = twin.requests('agents');
    await dataOf(cached.url, query);
    expect(['agents', 'models'].map((name) => cached.requests(name))).toEqual(asked);
    for (let version = 1; version <= 3; version++) {
      const tookMs = await changeAndHear('agents', `agentUpdate(input: { id: "abacus", name: "Abacus ${version}" })`);
      expect(tookMs).toBeLessThan(1_000);
      for (const gateway of [cached, twin])
        expect(JSON.stringify(await dataOf(gateway.url, query))).toContain(`Abacus ${version}`);
    }
    // The models had not changed, and the cache is a common one.
    expect(cached.requests('models')).toBe(asked[1]);
    expect(twin.requests('agents')).toBe(twinAsked);
  });

  it('lets a caller read what he wrote through the same gateway', async () => {
    const query = '{ agent(id: "abacus") { name } }';
    for (let round = 0; round < 20; round++) {
      await dataOf(cached.url, query);
      await dataOf(cached.url, `mutation { agentUpdate(input: { id: "abacus", name: "Mine ${round}" }) { agent { name } } }`);
      expect(await dataOf(cached.url, query)).toEqual({ agent: { name: `Mine ${round}` } });
    }
  });

  it('keeps nothing from those who may not have it, whoever asked before', async () => {
    const query = '{ policies(first: 1) { totalCount } }';
    for (let round = 0; round < 2; round++) {
      expect((await send(cached.url, query, {}, 'dev-analyst')).errors).toBeUndefined();
      expect((await send(cached.url, query, {}, 'dev-viewer')).errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
      expect((await send(cached.url, query, {}, null)).errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
    }
  });

  it('uses no cache while it has not heard of the catalog for over 30 s', async () => {
    let ahead = 0;
    const gateway = await mesh.openGateway(createMemoryCache({ clock: Date.now }), () => Date.now() + ahead);
    const query = '{ models { totalCount } }';
    const cacheControl = async (): Promise<string | null> => {
      const init = { method: 'POST', headers: { 'content-type': 'application/json', authorization: 'Bearer dev-admin' } };
      return (await fetch(`${gateway.url}/graphql`, { ...init, body: JSON.stringify({ query }) })).headers.get('cache-control');
    };
    expect(await cacheControl()).toMatch(/^max-age=/);
    const asked = gateway.requests('models');
    expect(await cacheControl()).toMatch(/^max-age=/);
    expect(gateway.requests('models')).toBe(asked);
    ahead = 31_000;
    expect(await cacheControl()).toBe('no-store');
    expect(gateway.requests('models')).toBe(asked + 1);
    await expect.poll(cacheControl, { timeout: 10_000 }).toMatch(/^max-age=/);
    await gateway.close();
  });

  it('gives each caller his own PRIVATE answer', async () => {
    for (let round = 0; round < 2; round++)
      for (const name of ['admin', 'analyst', 'viewer'])
        expect(await dataOf(cached.url, '{ me { id roles } }', {}, `dev-${name}`)).toEqual({ me: { id: name, roles: [name] } });
  });

  it('tells HTTP caches how long, for whom, and when not at all', async () => {
    const get = async (query: string, token = 'dev-admin') => {
      const response = await fetch(`${cached.url}/graphql?${new URLSearchParams({ query })}`, {
        headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
      });
      return `${response.status} ${response.headers.get('cache-control')} ${response.headers.get('vary')}`;
    };
    await expect
      .poll(() => get('{ models { totalCount } }'))
      .toMatch(/^200 max-age=(60|59|58), private origin, authorization, accept, accept-encoding$/);
    expect(await get('{ me { id } }', '')).toMatch(/^200 max-age=\d+, private origin, authorization, accept, accept-encoding$/);
    expect(await get('{ tasks { totalCount } }')).toBe('200 no-store origin, authorization, accept, accept-encoding');
    expect(await get('{ models { totalCount } }', '')).toBe('200 no-store origin, authorization, accept, accept-encoding');
    expect(await get('{ nonsense }')).toBe('400 no-store origin, authorization, accept, accept-encoding');
    expect(await get('{ models { totalCount } }', 'no-token-of-ours')).toMatch(/^401 no-store/);
    const post = await fetch(`${cached.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer dev-admin' },
      body: JSON.stringify({ query: '{ models { totalCount } }' }),
    });
    expect(post.headers.get('cache-control')).toMatch(/^max-age=\d+, private$/);
    expect((await fetch(`${cached.url}/graphql`, { method: 'POST', body: 'x' })).headers.get('cache-control')).toBe('no-store');
  });

  it('resolves entities of events as they are, through the cache', async () => {
    const client = socketClient(cached.url);
    const query = 'subscription { taskEvents(agentId: "abacus") { kind agent { name } } }';
    const events = watch<{ taskEvents: { kind: string; agent: { name: string } } }>(client, query);
    const ask = '{ ask(input: { taskClass: "math.arithmetic", prompt: "1 + 1", agentId: "abacus" }) { text } }';
    // The subscription is open once it gets an event.
    let received = 0;
    const opened = events.take(1).then(() => (received = 1));
    while (received === 0) await dataOf(plain.url, ask);
    await opened;
    const hits = async () =>
      Number(/kind="entity",outcome="hit"} (\d+)/.exec(await (await fetch(`${cached.url}/metrics`)).text())?.[1] ?? 0);
    const before = await hits();
    for (let round = 0; round < 3; round++) {
      await changeAndHear('agents', `agentUpdate(input: { id: "abacus", name: "Abacus of round ${round}" })`);
      await dataOf(plain.url, ask);
      await events.until(({ taskEvents }) => taskEvents.agent.name === `Abacus of round ${round}`);
      await dataOf(plain.url, ask);
      for (const { taskEvents } of await events.until(({ taskEvents }) => taskEvents.kind === 'SUCCEEDED'))
        expect(taskEvents.agent.name).toBe(`Abacus of round ${round}`);
    }
    expect(await hits()).toBeGreaterThan(before);
    events.stop();
    await client.dispose();
  }, 60_000);

  it('answers every operation as without a cache, while the catalog changes in between', async () => {
    const { apiSchema } = loadSupergraph(supergraphSdl);
    const changes: ((n: number) => readonly [string, string])[] = [
      (n) => ['agents', `agentUpdate(input: { id: "librarian", name: "Librarian ${n}", regions: ["r${n}"] })`],
      (n) => ['agents', `agentSetStatus(id: "front-desk", status: ${n % 2 ? 'DRAINING' : 'ACTIVE'})`],
      (n) => [
        'models',
        `modelSetApproval(id: "local/lexical-large", status: ${n % 2 ? 'REVOKED' : 'APPROVED'}, reason: "round ${n}")`,
      ],
      (n) => ['policies', `policyPut(input: { id: "mine", cedar: "permit(principal == User::\\"u${n}\\", action, resource);" })`],
    ];
    const tokens = ['dev-admin', 'dev-analyst', 'dev-viewer', 'dev-agent:abacus'];
    // Each change is another one than its last, or there would be nothing to hear of.
    const rounds = changes.map(() => 0);
    const recent: (readonly [string, string])[] = [];
    let compared = 0;
    const compare = async (query: string, token: string): Promise<void> => {
      const expected = await send(plain.url, query, {}, token);
      for (const gateway of [cached, cached, twin]) expect(await send(gateway.url, query, {}, token), query).toEqual(expected);
      compared++;
    };
    await mesh.settled();
    await fc.assert(
      fc.asyncProperty(fc.infiniteStream(fc.nat(1_000_000)), async (stream) => {
        const numbers = stream[Symbol.iterator]();
        const pick = (below: number): number => (numbers.next().value as number) % below;
        if (pick(3) === 0) {
          const which = pick(changes.length);
          await changeAndHear(...changes[which]!(++rounds[which]!));
          // What was kept before the change.
          for (const [query, token] of recent) await compare(query, token);
        }
        const query = `{ ${selection(apiSchema.getQueryType()!, 4, pick)} }`;
        if (validate(apiSchema, parse(query)).length > 0) return;
        const token = tokens[pick(4)]!;
        await compare(query, token);
        recent.push([query, token]);
        if (recent.length > 5) recent.shift();
      }),
      { numRuns: Number(process.env['RUNS'] ?? 60) },
    );
    expect(compared).toBeGreaterThan(40);
    expect(rounds.reduce((sum, count) => sum + count)).toBeGreaterThan(5);

    /** Fields of agents, models, policies and what hangs on them, without what every operation itself changes. */
    function selection(type: GraphQLCompositeType, depth: number, pick: (below: number) => number): string {
      const fields = 'getFields' in type ? Object.values(type.getFields()).filter(({ name }) => !MOVING.has(name)) : [];
      const parts = ['__typename'];
      for (let count = 1 + pick(4); count > 0 && fields.length > 0; count--) {
        const field = fields[pick(fields.length)]!;
        const inner = getNamedType(field.type);
        if (isCompositeType(inner) && depth === 0) continue;
        const args = field.args.flatMap(({ name }) => literal(`${type.name}.${field.name}.${name}`, pick) ?? []);
        const alias = pick(4) === 0 ? `a${pick(3)}: ` : '';
        const below = isCompositeType(inner) ? ` { ${selection(inner, depth - 1, pick)} }` : '';
        parts.push(`${alias}${field.name}${args.length > 0 ? `(${args.join(', ')})` : ''}${below}`);
      }
      return parts.join(' ');
    }
  }, 120_000);
});

/** What operations themselves change, and figures that fade with time. */
const MOVING = new Set(
  'ask routePreview governanceDecisions decisions policyCheck spend samples successRate lowerBound upperBound goalAchievement hallucinationRate'.split(
    ' ',
  ),
);

function literal(coordinate: string, pick: (below: number) => number): string | undefined {
  const name = coordinate.split('.').at(-1)!;
  const ids: Record<string, string[]> = {
    'Query.agent.id': ['abacus', 'librarian', 'front-desk', 'nobody'],
    'Query.model.id': ['local/lexical-large', 'local/arithmetic-small', 'none'],
    'Query.policy.id': ['mine', 'none'],
  };
  if (name === 'id') return `id: ${JSON.stringify((ids[coordinate] ?? ['none'])[pick((ids[coordinate] ?? ['none']).length)])}`;
  if (name === 'first') return `first: ${1 + pick(3)}`;
  return undefined;
}
