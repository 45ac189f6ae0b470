import { describe, expect, it } from 'vitest';
import { federate, link } from '../../support/federate.js';

const users = [
  { id: '1', email: 'ada@example.com', name: 'Ada' },
  { id: '2', email: 'bob@example.com', name: 'Bob' },
];
const byKey = (key: { id?: string; email?: string }) =>
  users.find((user) => user.id === key.id || user.email === key.email) ?? null;

const mixed = federate({
  // Federation 1: no @link, every federation directive is there by itself, and value types are shared without a word.
  accounts: [
    `extend type Query { me: User }
     type User @key(fields: "id") @key(fields: "email") { id: ID! email: String name: String address: Address }
     type Address { city: String street: String }
     enum Role { ADMIN GUEST }`,
    { Query: { me: () => users[0] }, User: { __resolveReference: byKey, address: () => ({ city: 'Rome', street: 'Via' }) } },
  ],
  reviews: [
    `extend type User @key(fields: "id") { id: ID! @external name: String @external reviews: [Review] shout: String @requires(fields: "name") role: Role }
     type Review @key(fields: "id") { id: ID! by: User @provides(fields: "name") ship: Address }
     type Address { city: String street: String }
     enum Role { ADMIN GUEST }
     extend type Query { latest: Review }`,
    {
      Query: { latest: () => ({ id: 'r', by: { id: '2', name: 'Bob' }, ship: { city: 'Oslo', street: 'Vei' } }) },
      User: {
        __resolveReference: (user: object) => user,
        reviews: ({ id }: { id: string }) => [{ id: `r${id}`, by: { id, name: 'provided' } }],
        shout: ({ name }: { name: string }) => `${name}!`,
        role: () => 'GUEST',
      },
    },
  ],
  orders: [
    `type User @extends @key(fields: "email") { email: String @external orders: Int } type Query @extends { count: Int }`,
    {
      Query: { count: () => 3 },
      User: { __resolveReference: (user: object) => user, orders: ({ email }: { email: string }) => email.length },
    },
  ],
  modern: [
    `${link('2.11', 'key', 'shareable')} type User @key(fields: "id") { id: ID! theme: String }`,
    { User: { __resolveReference: ({ id }: { id: string }) => ({ id, theme: 'dark' }) } },
  ],
});

describe('subgraphs of Federation 1 beside those of Federation 2', () => {
  it.each([
    ['extend types', '{ me { name reviews { id } theme } }', { me: { name: 'Ada', reviews: [{ id: 'r1' }], theme: 'dark' } }],
    [
      'are entered by any of several keys',
      '{ latest { by { orders theme } } }',
      { latest: { by: { orders: 15, theme: 'dark' } } },
    ],
    [
      'require external fields',
      '{ me { shout } latest { by { shout } } }',
      { me: { shout: 'Ada!' }, latest: { by: { shout: 'Bob!' } } },
    ],
    [
      'provide external fields',
      '{ latest { by { name } } me { reviews { by { name } } } }',
      { latest: { by: { name: 'Bob' } }, me: { reviews: [{ by: { name: 'provided' } }] } },
    ],
    [
      'share value types and enums',
      '{ latest { ship { city } } me { address { city street } role } }',
      { latest: { ship: { city: 'Oslo' } }, me: { address: { city: 'Rome', street: 'Via' }, role: 'GUEST' } },
    ],
    ['extend the root', '{ count latest { id } }', { count: 3, latest: { id: 'r' } }],
  ])('%s', async (_, query, data) => {
    expect(await mixed.run(query)).toEqual({ data });
  });
});
