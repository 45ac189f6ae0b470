import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { policiesSubgraph } from '../../../subgraphs/policies/server.js';
import { ANONYMOUS } from '../../../subgraphs/shared/principal.js';
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
});
