import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { policiesSubgraph } from '../../../subgraphs/policies/server.js';
import { buildCedarSet, type CedarSet } from '../../../subgraphs/shared/cedar/buildCedarSet.js';
import { cedarPrincipal } from '../../../subgraphs/shared/cedar/cedarEntities.js';
import { decideCedar } from '../../../subgraphs/shared/cedar/decideCedar.js';
import { ANONYMOUS, type Principal } from '../../../subgraphs/shared/principal.js';
import type { PolicyRecord } from '../../../subgraphs/shared/snapshot.js';
import { ADMIN, openSubgraph } from '../../support/openSubgraph.js';

describe('the policies subgraph', () => {
  let policies: Awaited<ReturnType<typeof openSubgraph>>;
  beforeAll(async () => {
    policies = await openSubgraph(policiesSubgraph);
  });
  afterAll(() => policies.close());

  type Put = {
    policyPut: {
      policy: { version: number; enabled: boolean } | null;
      userErrors: { code: string; message: string; path: string[] }[];
    };
  };
  const put = async (input: object, principal = ADMIN) =>
    (
      await policies.ask<Put>(
        `mutation ($input: PolicyPutInput!) { policyPut(input: $input) { policy { version enabled } userErrors { code message path } } }`,
        { input },
        principal,
      )
    ).policyPut;
  const check = async (input: object, principal = ADMIN) =>
    (
      await policies.ask<{ policyCheck: { outcome: string; rules: string[]; errors: string[] } }>(
        `query ($input: PolicyCheckInput!) { policyCheck(input: $input) { outcome rules errors } }`,
        { input },
        principal,
      )
    ).policyCheck;
  const NO_WRITING = 'forbid (principal is Agent, action == Action::"agent.write", resource);';

  it('tells callers who they are taken for', async () => {
    const me = `{ me { id kind tenant roles entity } }`;
    expect(await policies.ask(me)).toEqual({
      me: { id: 'admin', kind: 'USER', tenant: 'demo', roles: ['admin'], entity: 'User::"admin"' },
    });
    expect(await policies.ask(me, {}, ANONYMOUS)).toMatchObject({ me: { kind: 'ANONYMOUS', tenant: null } });
  });

  it('begins with the baseline, which every tenant sees and none can change', async () => {
    const { policies: page } = await policies.ask<{ policies: { nodes: { id: string }[] } }>(`{ policies { nodes { id } } }`);
    expect(page.nodes.map(({ id }) => id)).toEqual([
      'baseline.admin',
      'baseline.own-tenant',
      'baseline.tasks',
      'baseline.unapproved-model',
    ]);
    expect((await put({ id: 'baseline.admin', cedar: NO_WRITING })).userErrors).toMatchObject([
      { code: 'FORBIDDEN', path: ['input', 'id'] },
    ]);
  });

  it('takes a policy, counts its versions, and changes nothing for the same again', async () => {
    expect(await put({ id: 'p', cedar: NO_WRITING })).toMatchObject({ policy: { version: 1, enabled: true } });
    expect(await put({ id: 'p', cedar: NO_WRITING })).toMatchObject({ policy: { version: 1 } });
    expect(await put({ id: 'p', cedar: NO_WRITING, description: 'why' })).toMatchObject({ policy: { version: 2 } });
    await policies.subgraph.settled();
    const { rows } = await policies.database.query<{ version: number }>(
      `select (event->'data'->'record'->>'version')::int as version from events.log where topic = 'mesh.catalog' order by position`,
    );
    expect(rows).toEqual([{ version: 1 }, { version: 2 }]);
  });

  it('refuses a broken policy with line and column', async () => {
    const { policy, userErrors } = await put({
      id: 'broken',
      cedar: 'permit (principal, action, resource)\nwhen { principal. };',
    });
    expect(policy).toBeNull();
    expect(userErrors[0]).toMatchObject({ code: 'BAD_USER_INPUT', path: ['input', 'cedar'] });
    expect(userErrors[0]!.message).toMatch(/^line 2, column \d+: /);
  });

  it('answers a dry run with the rules that decided, forbids before permits', async () => {
    expect(await check({ principal: 'User::"admin"', action: 'agent.write' })).toEqual({
      outcome: 'ALLOW',
      rules: ['baseline.admin'],
      errors: [],
    });
    expect(await check({ principal: 'Agent::"a1"', action: 'agent.write' })).toEqual({
      outcome: 'DENY',
      rules: ['p'],
      errors: [],
    });
    expect(await check({ principal: 'User::"stranger"', action: 'agent.write' })).toEqual({
      outcome: 'DENY',
      rules: [],
      errors: [],
    });
    await policies.ask(`mutation { policySetEnabled(id: "p", enabled: false) { userErrors { code } } }`);
    expect(await check({ principal: 'Agent::"a1"', action: 'agent.write' })).toMatchObject({ rules: [] });
    await expect(check({ principal: 'ada', action: 'x' })).rejects.toThrow('BAD_USER_INPUT');
  });

  const decision = (id: string, more: object = {}) => ({
    id,
    at: new Date(policies.clock()).toISOString(),
    tenant: 'demo',
    principal: 'User::"ada"',
    action: 'task.run',
    resource: 'Agent::"a1"',
    outcome: 'ALLOW',
    rules: ['baseline.tasks'],
    policyVersion: 'v',
    operation: null,
    field: 'Query.ask',
    reason: null,
    ...more,
  });
  const recordAll = (decisions: object[]) =>
    policies.askInternally<{ _recordDecisions: number }>(`mutation ($d: JSON!) { _recordDecisions(decisions: $d) }`, {
      d: decisions,
    });

  it('keeps each decision once, and shows an agent those on it and by it', async () => {
    expect(await recordAll([decision('d1'), decision('d2', { outcome: 'DENY', resource: null }), decision('d1')])).toEqual({
      _recordDecisions: 2,
    });
    policies.advance(1_000);
    expect(await recordAll([decision('d1'), decision('d3', { principal: 'Agent::"a1"', resource: 'Model::"m"' })])).toEqual({
      _recordDecisions: 1,
    });
    const page = `{ totalCount nodes { id } pageInfo { hasNextPage endCursor } }`;
    const of = (after: string | null) =>
      policies.ask<{
        _entities: {
          decisions: { totalCount: number; nodes: { id: string }[]; pageInfo: { hasNextPage: boolean; endCursor: string } };
        }[];
      }>(
        `query ($r: [_Any!]!, $after: String) { _entities(representations: $r) { ... on Agent { decisions(first: 1, after: $after) ${page} } } }`,
        {
          r: [
            { __typename: 'Agent', id: 'a1' },
            { __typename: 'Agent', id: 'a2' },
          ],
          after,
        },
      );
    const first = (await of(null))._entities;
    expect(first).toMatchObject([
      { decisions: { totalCount: 2, nodes: [{ id: 'd3' }], pageInfo: { hasNextPage: true } } },
      { decisions: { totalCount: 0, nodes: [] } },
    ]);
    expect((await of(first[0]!.decisions.pageInfo.endCursor))._entities[0]).toMatchObject({
      decisions: { nodes: [{ id: 'd1' }] },
    });
    expect(await policies.ask(`{ governanceDecisions(filter: { outcome: DENY }) { nodes { id rules } totalCount } }`)).toEqual({
      governanceDecisions: { nodes: [{ id: 'd2', rules: ['baseline.tasks'] }], totalCount: 1 },
    });
  });

  it('takes decisions from the gateway alone, and none that are malformed', async () => {
    await expect(policies.ask(`mutation { _recordDecisions(decisions: []) }`)).rejects.toThrow('FORBIDDEN');
    await expect(recordAll([decision('bad', { outcome: 'MAYBE' })])).rejects.toThrow('BAD_USER_INPUT');
  });

  it('keeps tenants apart', async () => {
    const stranger = { ...ADMIN, tenant: 'other' };
    expect((await put({ id: 'p', cedar: NO_WRITING }, stranger)).userErrors).toMatchObject([{ code: 'ALREADY_EXISTS' }]);
    expect(await policies.ask(`{ policy(id: "p") { id } governanceDecisions { totalCount } }`, {}, stranger)).toEqual({
      policy: null,
      governanceDecisions: { totalCount: 0 },
    });
  });

  it('pages through all policies without losing any that were made at one moment', async () => {
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const { policies: page }: { policies: { nodes: { id: string }[]; pageInfo: { hasNextPage: boolean; endCursor: string } } } =
        await policies.ask(
          `query ($after: String) { policies(first: 2, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } }`,
          { after },
        );
      seen.push(...page.nodes.map(({ id }) => id));
      after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
    } while (after !== null);
    expect(seen).toEqual(['p', 'baseline.admin', 'baseline.own-tenant', 'baseline.tasks', 'baseline.unapproved-model']);
  });

  it('hands the gateway every policy of every tenant, the disabled ones too', async () => {
    const { _snapshot } = await policies.askInternally<{
      _snapshot: { policies: { id: string; enabled: boolean }[]; next: null };
    }>(`{ _snapshot }`);
    expect(_snapshot.next).toBeNull();
    expect(_snapshot.policies).toHaveLength(5);
    expect(_snapshot.policies.find(({ id }) => id === 'p')).toEqual({
      id: 'p',
      tenant: 'demo',
      cedar: NO_WRITING,
      enabled: false,
      version: 3,
    });
  });

  it('lets the holder of tenant.any change the baseline and add to it, and nobody squat on its names', async () => {
    const operator = { ...ADMIN, scopes: ['tenant.any'] };
    expect((await put({ id: 'baseline.extra', cedar: NO_WRITING })).userErrors).toMatchObject([{ code: 'FORBIDDEN' }]);
    expect((await put({ id: 'baseline.extra', cedar: NO_WRITING }, operator)).policy).toEqual({ version: 1, enabled: true });
    const stranger = { ...ADMIN, tenant: 'other' };
    expect(await check({ principal: 'Agent::"a1"', action: 'agent.write' }, stranger)).toMatchObject({
      rules: ['baseline.extra'],
    });
    const disable = `mutation { policySetEnabled(id: "baseline.extra", enabled: false) { policy { enabled } userErrors { code path } } }`;
    expect(await policies.ask(disable)).toEqual({
      policySetEnabled: { policy: null, userErrors: [{ code: 'FORBIDDEN', path: ['id'] }] },
    });
    expect(await policies.ask(disable, {}, operator)).toEqual({
      policySetEnabled: { policy: { enabled: false }, userErrors: [] },
    });
  });

  it('refuses an id that could be taken for a rule of another policy', async () => {
    expect((await put({ id: 'p#0', cedar: NO_WRITING })).userErrors).toMatchObject([{ path: ['input', 'id'] }]);
  });

  it('takes another principal in a dry run for one of the tenant without roles and scopes', async () => {
    await put({
      id: 'named',
      cedar: 'permit (principal == User::"bob", action == Action::"x.y", resource) when { context.n > 3 };',
    });
    const input = { principal: 'User::"bob"', action: 'x.y', resource: 'Agent::"a1"' };
    expect(await check({ ...input, context: { n: 4 } })).toEqual({ outcome: 'ALLOW', rules: ['named'], errors: [] });
    expect(await check({ ...input, context: { n: 3 } })).toEqual({ outcome: 'DENY', rules: [], errors: [] });
    expect(await check(input)).toEqual({ outcome: 'DENY', rules: [], errors: [expect.stringMatching(/^named: /)] });
    await expect(check({ ...input, context: [1] })).rejects.toThrow('BAD_USER_INPUT');
    await expect(check({ ...input, principal: 'Model::"m"' })).rejects.toThrow('BAD_USER_INPUT');
  });

  it('records what anonymous callers were denied, out of the sight of tenants', async () => {
    expect(await recordAll([decision('anon', { tenant: null, principal: 'Anonymous::"anonymous"' })])).toEqual({
      _recordDecisions: 1,
    });
    const filter = `{ governanceDecisions(filter: { principal: "Anonymous::\\"anonymous\\"" }) { totalCount } }`;
    expect(await policies.ask(filter)).toEqual({ governanceDecisions: { totalCount: 0 } });
  });

  it('takes at most 1,000 decisions at once', async () => {
    const many = Array.from({ length: 1_001 }, (_, index) => decision(`many-${index}`));
    await expect(recordAll(many)).rejects.toThrow('BAD_USER_INPUT');
    expect(await recordAll(many.slice(1))).toEqual({ _recordDecisions: 1_000 });
  });

  it('answers the decisions of many agents with one read of pages and one of counts', async () => {
    const statements: string[] = [];
    const query = policies.database.query.bind(policies.database);
    policies.database.query = (text, values) => {
      if (text.includes('governance_decision')) statements.push(text);
      return query(text, values);
    };
    try {
      await policies.ask(
        `query ($r: [_Any!]!) { _entities(representations: $r) { ... on Agent { decisions(first: 2) { totalCount } } } }`,
        { r: Array.from({ length: 30 }, (_, index) => ({ __typename: 'Agent', id: `a${index}` })) },
      );
    } finally {
      policies.database.query = query;
    }
    expect(statements).toHaveLength(2);
  });
});

describe('the baseline', () => {
  let policies: Awaited<ReturnType<typeof openSubgraph>>;
  let set: CedarSet;
  beforeAll(async () => {
    policies = await openSubgraph(policiesSubgraph);
    const { _snapshot } = await policies.askInternally<{ _snapshot: { policies: PolicyRecord[] } }>(`{ _snapshot }`);
    set = buildCedarSet(_snapshot.policies);
  });
  afterAll(() => policies.close());

  const runner = { ...ADMIN, id: 'runner', roles: [], scopes: ['tasks.run'] };
  const operator = { ...ADMIN, scopes: ['tenant.any'] };
  it.each<[string, Principal, string, Record<string, unknown>, string[], boolean]>([
    ['an administrator does anything at home', ADMIN, 'agent.write', { tenant: 'demo' }, ['baseline.admin'], true],
    ['an administrator does what has no tenant', ADMIN, 'policy.write', {}, ['baseline.admin'], true],
    ['an administrator does nothing elsewhere', ADMIN, 'agent.write', { tenant: 'x' }, ['baseline.own-tenant'], false],
    ['tenant.any reaches everywhere', operator, 'agent.write', { tenant: 'x' }, ['baseline.admin'], true],
    ['the scope tasks.run has agents work', runner, 'task.run', { tenant: 'demo' }, ['baseline.tasks'], true],
    ['but not those of others', runner, 'task.run', { tenant: 'x' }, ['baseline.own-tenant'], false],
    ['and changes none', runner, 'agent.write', { tenant: 'demo' }, [], false],
    ['approved models are called', runner, 'model.invoke', { approval: 'APPROVED' }, ['baseline.tasks'], true],
    ['others are not', runner, 'model.invoke', { approval: 'PENDING' }, ['baseline.unapproved-model'], false],
    ['not by administrators either', ADMIN, 'model.invoke', { approval: 'REVOKED' }, ['baseline.unapproved-model'], false],
    ['nobody known does nothing', ANONYMOUS, 'task.run', {}, [], false],
    ['nor in a tenant', ANONYMOUS, 'task.run', { tenant: 'demo' }, ['baseline.own-tenant'], false],
  ])('%s', (_, principal, action, attributes, rules, allowed) => {
    const resource = { type: 'Agent', id: 'r', attributes };
    expect(decideCedar(set, { principal: cedarPrincipal(principal), action, resource })).toEqual({ allowed, rules, errors: [] });
  });
});
