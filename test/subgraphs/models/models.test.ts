import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { modelsSubgraph } from '../../../subgraphs/models/server.js';
import { ADMIN, openSubgraph } from '../../support/openSubgraph.js';

const GOOD = {
  id: 'm1',
  provider: 'local',
  name: 'One',
  taskClasses: ['docs.question'],
  pricing: { inputPerMTokUsd: '0.50', outputPerMTokUsd: '1.5' },
};
const REGISTER = `mutation ($input: ModelRegisterInput!) { modelRegister(input: $input) {
  model { id modalities approval { status by } pricing { inputPerMTokUsd outputPerMTokUsd cachedInputPerMTokUsd version } } userErrors { code path } } }`;

describe('the models subgraph', () => {
  let models: Awaited<ReturnType<typeof openSubgraph>>;
  beforeAll(async () => {
    models = await openSubgraph(modelsSubgraph);
  });
  afterAll(() => models.close());

  type Registered = {
    modelRegister: { model: { pricing: { version: number } } | null; userErrors: { code: string; path: string[] }[] };
  };
  const register = async (input: object, principal = ADMIN) =>
    (await models.ask<Registered>(REGISTER, { input }, principal)).modelRegister;
  const changes = async (): Promise<number> => {
    await models.subgraph.settled();
    const { rows } = await models.database.query<{ n: number }>(
      `select count(*)::int as n from events.log where topic = 'mesh.catalog'`,
    );
    return rows[0]!.n;
  };

  it('registers a model, unapproved, with its first price', async () => {
    expect(await register(GOOD)).toEqual({
      model: {
        id: 'm1',
        modalities: ['text'],
        approval: { status: 'PENDING', by: null },
        pricing: { inputPerMTokUsd: '0.5', outputPerMTokUsd: '1.5', cachedInputPerMTokUsd: null, version: 1 },
      },
      userErrors: [],
    });
  });

  it('makes a new price version when a price changes, and none when nothing does', async () => {
    const before = await changes();
    expect((await register({ ...GOOD, pricing: { ...GOOD.pricing, inputPerMTokUsd: '0.5' } })).model!.pricing.version).toBe(1);
    expect(await changes()).toBe(before);
    expect((await register({ ...GOOD, pricing: { ...GOOD.pricing, inputPerMTokUsd: '0.4' } })).model!.pricing.version).toBe(2);
    expect(
      (await register({ ...GOOD, name: 'Renamed', pricing: { ...GOOD.pricing, inputPerMTokUsd: '0.4' } })).model!.pricing.version,
    ).toBe(2);
    expect(await changes()).toBe(before + 2);
  });

  it('keeps the approval over a registration, and records who gave it', async () => {
    const approve = `mutation ($id: ID!) { modelSetApproval(id: $id, status: APPROVED, reason: "tested") { model { approval { status by at reason } } userErrors { code } } }`;
    expect(await models.ask(approve, { id: 'm1' })).toEqual({
      modelSetApproval: {
        model: { approval: { status: 'APPROVED', by: 'User::"admin"', at: '2026-03-01T12:00:00.000Z', reason: 'tested' } },
        userErrors: [],
      },
    });
    expect(await register({ ...GOOD, name: 'Again' })).toMatchObject({ model: { approval: { status: 'APPROVED' } } });
    expect(await models.ask(approve, { id: 'none' })).toEqual({
      modelSetApproval: { model: null, userErrors: [{ code: 'NOT_FOUND' }] },
    });
  });

  it.each([
    [{ id: ' x' }, 'id'],
    [{ name: '' }, 'name'],
    [{ modalities: [] }, 'modalities'],
    [{ contextWindow: 0 }, 'contextWindow'],
    [{ endpoint: 'file:///etc/passwd' }, 'endpoint'],
    [{ endpoint: 'https://user:secret@host' }, 'endpoint'],
    [{ apiKeyEnv: 'DATABASE_URL' }, 'apiKeyEnv'],
    [{ pricing: { inputPerMTokUsd: '-1', outputPerMTokUsd: '1' } }, 'pricing.inputPerMTokUsd'],
    [{ pricing: { inputPerMTokUsd: '1', outputPerMTokUsd: '0.0000001' } }, 'pricing.outputPerMTokUsd'],
  ])('refuses %j', async (wrong, path) => {
    const { model, userErrors } = await register({ ...GOOD, id: 'bad', ...wrong });
    expect(model).toBeNull();
    expect(userErrors).toEqual([{ code: 'BAD_USER_INPUT', path: ['input', ...path.split('.')] }]);
  });

  it('keeps tenants apart', async () => {
    const stranger = { ...ADMIN, tenant: 'other' };
    expect(await register(GOOD, stranger)).toEqual({
      model: null,
      userErrors: [{ code: 'ALREADY_EXISTS', path: ['input', 'id'] }],
    });
    expect(await models.ask(`{ model(id: "m1") { id } models { totalCount } }`, {}, stranger)).toEqual({
      model: null,
      models: { totalCount: 0 },
    });
  });

  it('pages and filters, newest first', async () => {
    for (const n of [2, 3, 4]) {
      models.advance(1_000);
      await register({ ...GOOD, id: `m${n}`, taskClasses: n === 4 ? [] : [`class${n}`] });
    }
    type Page = {
      models: { nodes: { id: string }[]; pageInfo: { hasNextPage: boolean; endCursor: string }; totalCount: number };
    };
    const page = (after: string | null) =>
      models.ask<Page>(
        `query ($after: String) { models(first: 3, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } totalCount } }`,
        { after },
      );
    const first = await page(null);
    expect(first.models).toMatchObject({
      nodes: [{ id: 'm4' }, { id: 'm3' }, { id: 'm2' }],
      pageInfo: { hasNextPage: true },
      totalCount: 4,
    });
    expect((await page(first.models.pageInfo.endCursor)).models).toMatchObject({
      nodes: [{ id: 'm1' }],
      pageInfo: { hasNextPage: false },
    });
    const filtered = await models.ask<Page>(`{ models(filter: { taskClass: "class2" }) { nodes { id } totalCount } }`);
    expect(filtered.models).toMatchObject({ nodes: [{ id: 'm4' }, { id: 'm2' }], totalCount: 2 });
    await expect(models.ask(`{ models(first: 0) { totalCount } }`)).rejects.toThrow('BAD_USER_INPUT');
    await expect(models.ask(`{ models(after: "x") { totalCount } }`)).rejects.toThrow('BAD_CURSOR');
  });

  it('gives the gateway every model, and others none', async () => {
    const { _snapshot } = await models.askInternally<{ _snapshot: { models: { id: string; approval: string }[]; next: null } }>(
      `{ _snapshot }`,
    );
    expect(_snapshot.models.map(({ id, approval }) => [id, approval])).toEqual([
      ['m1', 'APPROVED'],
      ['m2', 'PENDING'],
      ['m3', 'PENDING'],
      ['m4', 'PENDING'],
    ]);
    await expect(models.ask(`{ _snapshot }`)).rejects.toThrow('FORBIDDEN');
  });
});
