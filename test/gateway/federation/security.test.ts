import { describe, expect, it } from 'vitest';
import type { Principal } from '../../../subgraphs/shared/principal.js';
import { compose, federate, link } from '../../support/federate.js';

const AUTH = [
  'key',
  'authenticated',
  'requiresScopes',
  'policy',
  'shareable',
  'requires',
  'external',
  'provides',
  'interfaceObject',
];
const ADA: Principal = { id: 'ada', kind: 'USER', tenant: 'demo', roles: [], scopes: ['all'], clearances: [], region: null };

const t = { __typename: 'T', id: 't', open: 'open', known: 'known', inner: { x: 1 }, owner: { id: 'u' } };
const { run, asked } = federate({
  one: [
    `${link('2.11', ...AUTH)}
     type Query { t: T free: Free node: Node nodes: [Node] union: Union known: String @authenticated scoped: String @requiresScopes(scopes: [["all"]])
       byPolicy: String @policy(policies: [["vip"]]) closed: Closed closedList: [Closed] level: Level secretScalar: Pin strict: Strict keyed: Keyed }
     type Mutation { open: String shut: String @authenticated }
     interface Node { id: ID! label: String } interface Free { open: String }
     union Union = T | Closed
     type T implements Node & Free @key(fields: "id") { id: ID! label: String open: String known: String @authenticated inner: Inner @authenticated owner: User }
     type Closed implements Node @authenticated { id: ID! label: String }
     type Inner { x: Int }
     type Strict { open: String never: String! @authenticated }
     type Keyed @key(fields: "id") { id: ID @authenticated open: String }
     type User @key(fields: "id") { id: ID! }
     enum Level @authenticated { LOW }
     scalar Pin @requiresScopes(scopes: [["all"]])`,
    {
      Query: {
        t: () => t,
        free: () => t,
        node: () => t,
        nodes: () => [
          { ...t, label: 't' },
          { __typename: 'Closed', id: 'c', label: 'c' },
        ],
        union: () => t,
        known: () => 'known',
        scoped: () => 'scoped',
        byPolicy: () => 'vip',
        closed: () => ({ id: 'c' }),
        closedList: () => [{ id: 'c' }],
        level: () => 'LOW',
        secretScalar: () => 1234,
        strict: () => ({ open: 'open', never: 'never' }),
        keyed: () => ({ id: 'k', open: 'open' }),
      },
      Mutation: { open: () => 'done', shut: () => 'done' },
    },
  ],
  two: [
    `${link('2.11', ...AUTH)}
     type T @key(fields: "id") { id: ID! known: String @external shout: String @requires(fields: "known") @authenticated free: String }
     type Keyed @key(fields: "id") { id: ID @authenticated more: String }
     type User @key(fields: "id") @requiresScopes(scopes: [["all"]]) { id: ID! name: String }`,
    {
      T: { __resolveReference: (one: object) => one, shout: ({ known }: { known: string }) => `${known}!`, free: () => 'free' },
      Keyed: { __resolveReference: (one: object) => one, more: () => 'more' },
      User: { __resolveReference: (one: object) => one, name: () => 'Ada' },
    },
  ],
});

describe('nobody is denied', () => {
  it.each([
    ['a field that asks for a caller', '{ known }', { known: null }, ['known']],
    ['a field that asks for scopes', '{ scoped }', { scoped: null }, ['scoped']],
    ['a field that asks for a policy', '{ byPolicy }', { byPolicy: null }, ['byPolicy']],
    ['a field of an object', '{ t { open known } }', { t: { open: 'open', known: null } }, ['t.known']],
    ['an object behind such a field', '{ t { inner { x } open } }', { t: { inner: null, open: 'open' } }, ['t.inner']],
    [
      'a type, wherever it is returned',
      '{ closed { id } closedList { id } }',
      { closed: null, closedList: null },
      ['closed', 'closedList'],
    ],
    ['a type that only another subgraph guards', '{ t { owner { name } } }', { t: { owner: null } }, ['t.owner']],
    ['an enum and a scalar', '{ level secretScalar }', { level: null, secretScalar: null }, ['level', 'secretScalar']],
    [
      'a type through a fragment on it',
      '{ union { ... on T { open } ... on Closed { id } } }',
      { union: { open: 'open' } },
      ['union'],
    ],
    [
      'a field of a type through a fragment',
      '{ free { ... on T { known open } } }',
      { free: { known: null, open: 'open' } },
      ['free.known'],
    ],
    ['what requires a guarded field', '{ t { shout free } }', { t: { shout: null, free: 'free' } }, ['t.shout']],
    [
      'a key, which the gateway still uses',
      '{ keyed { id open more } }',
      { keyed: { id: null, open: 'open', more: 'more' } },
      ['keyed.id'],
    ],
  ])('%s', async (_, query, data, paths) => {
    const { data: answer, errors } = await run(query);
    expect(errors!.map(({ path }) => path!.join('.')).toSorted()).toEqual(paths);
    expect(errors!.every(({ extensions }) => extensions!['code'] === 'UNAUTHENTICATED')).toBe(true);
    expect(answer).toEqual(data);
  });

  it('an effect', async () => {
    const before = asked.length;
    const { data, errors } = await run('mutation { open shut }');
    expect(data).toEqual({ open: 'done', shut: null });
    expect(errors).toHaveLength(1);
    expect(asked.slice(before).join()).not.toContain('shut');
  });

  it('an interface, when one of its types is guarded', async () => {
    const { data, errors } = await run('{ nodes { id } }');
    expect(data).toEqual({ nodes: null });
    expect(errors!.every(({ extensions }) => extensions!['code'] === 'UNAUTHENTICATED')).toBe(true);
  });

  it('what is not null, and so all around it', async () => {
    const { data, errors } = await run('{ strict { open never } }');
    expect(data).toEqual({ strict: null });
    expect(errors).toMatchObject([{ path: ['strict', 'never'] }]);
  });

  it('without any subgraph being asked for it', async () => {
    const before = asked.length;
    await run('{ known scoped t { known open shout } closed { id } level }');
    expect(asked.slice(before).join()).not.toMatch(/known|scoped|shout|closed|level/);
  });
});

describe('a caller who may', () => {
  it('gets all of it, also what is required of guarded fields', async () => {
    expect(
      await run('{ known scoped closed { id } level t { known shout owner { name } } nodes { id } keyed { id more } }', {}, ADA),
    ).toEqual({
      data: {
        known: 'known',
        scoped: 'scoped',
        closed: { id: 'c' },
        level: 'LOW',
        t: { known: 'known', shout: 'known!', owner: { name: 'Ada' } },
        nodes: [{ id: 't' }, { id: 'c' }],
        keyed: { id: 'k', more: 'more' },
      },
    });
  });

  it('is still refused what no policy permits', async () => {
    expect((await run('{ byPolicy }', {}, ADA)).errors).toMatchObject([
      { path: ['byPolicy'], extensions: { code: 'FORBIDDEN' } },
    ]);
  });
});

it('composition refuses a field that would give guarded data away by requiring it', () => {
  const one = `${link('2.11', 'key', 'authenticated')} type Query { t: T } type T @key(fields: "id") { id: ID! known: String @authenticated }`;
  const two = `${link('2.11', 'key', 'external', 'requires')} type T @key(fields: "id") { id: ID! known: String @external shout: String @requires(fields: "known") }`;
  expect(() => compose({ one, two })).toThrow(/shout/);
});

it('withholds in silence what a policy denies in silence, though it is fetched as a key', async () => {
  const mesh = federate({
    one: [
      `extend schema @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key", "@composeDirective"])
         @link(url: "https://agent-mesh.dev/mesh/v1.0", import: ["@governed"]) @composeDirective(name: "@governed")
       directive @governed(action: String!, resource: String, id: String, attributes: String, when: String = "REQUEST", onDeny: String = "ERROR") repeatable on FIELD_DEFINITION
       type Query { k: K } type K @key(fields: "id") { id: ID @governed(action: "k.id", onDeny: "NULL") open: Int }`,
      { Query: { k: () => ({ id: 'secret', open: 1 }) } },
    ],
    two: [
      `${link('2.11', 'key')} type K @key(fields: "id") { id: ID more: Int }`,
      { K: { __resolveReference: (reference: object) => reference, more: ({ id }: { id: string }) => id.length } },
    ],
  });
  expect(await mesh.run('{ k { id open more } }', {}, ADA)).toEqual({ data: { k: { id: null, open: 1, more: 6 } } });
});
