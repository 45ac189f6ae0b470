import { parse, validate } from 'graphql';
import { beforeEach, expect, it } from 'vitest';
import { executeOperation } from '../../../gateway/execution/executeOperation.js';
import { createSectionSharing } from '../../../gateway/execution/shareSections.js';
import type { SubgraphClient, SubgraphResponse } from '../../../gateway/fetch/SubgraphClient.js';
import { coerceVariables } from '../../../gateway/pipeline/handleOperation.js';
import { createPlanner } from '../../../gateway/planner/createPlanner.js';
import { loadSupergraph } from '../../../gateway/planner/loadSupergraph.js';
import { anonymousContext } from '../../support/anonymousContext.js';
import { compose } from '../../support/federate.js';

const key = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])';
const supergraph = loadSupergraph(
  compose({
    users: `${key} type Query { users: [User!]! user(id: ID!): User } type User @key(fields: "id") { id: ID! name(long: Boolean): String! }`,
    goods: `${key} type Query { goods(first: Int): [Good!] } type Good @key(fields: "id") { id: ID! title: String owner: User } type User @key(fields: "id", resolvable: false) { id: ID! }`,
  }),
);
const planner = createPlanner(supergraph);
const asked: string[] = [];
let waiting: (() => void)[] = [];

/** Answers once it is told to. */
function client(name: string, answer: (query: string, variables: Record<string, unknown>) => SubgraphResponse): SubgraphClient {
  return {
    request: async ({ operation, variables }) => {
      asked.push(`${name} ${variables}`);
      await new Promise<void>((resolve) => waiting.push(resolve));
      return answer(operation.query, JSON.parse(variables) as Record<string, unknown>);
    },
    close: async () => undefined,
  };
}

let isDown = false;
const clients = new Map([
  [
    'users',
    client('users', (query) => {
      if (isDown) return { data: null, errors: [{ message: 'users are away' }] };
      if (query.includes('_entities')) return { data: { _entities: [{ __typename: 'User', name: 'Ada' }] } };
      return {
        data: { users: [{ __typename: 'User', id: 'u1', name: 'Ada' }], me: { __typename: 'User', id: 'u1', name: 'Ada' } },
      };
    }),
  ],
  [
    'goods',
    client('goods', (_, { first }) => ({
      data: { goods: [{ id: `g${String(first)}`, owner: { __typename: 'User', id: 'u1' } }], all: [{ id: 'g' }] },
    })),
  ],
]);

beforeEach(() => {
  asked.length = 0;
  waiting = [];
  isDown = false;
});

function asker() {
  const sections = createSectionSharing(() => 0);
  return (query: string, variables: Record<string, unknown> = {}, view = '', gone = new AbortController()) => {
    const document = parsedOnce(query);
    const coerced = coerceVariables({ schema: supergraph.apiSchema, document, variables });
    const [plan, context] = [planner.plan(document), anonymousContext(gone.signal)];
    const request = { supergraph, plan, document, variables, coerced, clients, context, sharing: { sections, view } };
    return executeOperation(request).then((outcome) => outcome.print().bytes.toString());
  };
}

const documents = new Map<string, ReturnType<typeof parse>>();

/** As the pipeline keeps it. */
function parsedOnce(query: string): ReturnType<typeof parse> {
  let document = documents.get(query);
  if (!document) documents.set(query, (document = parse(query)));
  expect(validate(supergraph.apiSchema, document)).toEqual([]);
  return document;
}

/** Answers what is asked, and what is asked then, until all is there. */
async function answerAll(): Promise<void> {
  while (waiting.length > 0) {
    for (const answer of waiting.splice(0)) answer();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

it('fetches once what does not depend on the variable that differs, and answers in the order of the operation', async () => {
  const ask = asker();
  const query = 'query($first: Int) { users { name } goods(first: $first) { id } me: user(id: "u1") { name } }';
  const answers = [1, 2, 3].map((first) => ask(query, { first }));
  await answerAll();
  expect(await Promise.all(answers)).toEqual(
    [1, 2, 3].map((first) => `{"data":{"users":[{"name":"Ada"}],"goods":[{"id":"g${first}"}],"me":{"name":"Ada"}}}`),
  );
  expect(asked.filter((text) => text.startsWith('users'))).toHaveLength(1);
});

it('tells every one of them what went wrong', async () => {
  isDown = true;
  const ask = asker();
  const answers = [1, 1].map((first) =>
    ask('query($first: Int) { goods { id owner { name } } all: goods(first: $first) { id } }', { first }),
  );
  await answerAll();
  const [one, two] = (await Promise.all(answers)).map((text) => JSON.parse(text) as { errors: unknown; data: unknown });
  expect(one!.data).toEqual({ goods: [{ id: 'g1', owner: null }], all: [{ id: 'g' }] });
  expect(two!.errors).toEqual(one!.errors);
  expect(one!.errors).toMatchObject([{ message: 'users are away', path: ['goods', 0, 'owner', 'name'] }]);
  expect(asked).toHaveLength(2);
});

it('shares nothing between views, variables that the section has, and conditions in it', async () => {
  const ask = asker();
  const query = 'query($long: Boolean, $on: Boolean!) { users { id name(long: $long) @include(if: $on) } }';
  const answers = [
    ask(query, { long: true, on: true }, 'ada'),
    ask(query, { long: true, on: true }, 'ada'),
    ask(query, { long: true, on: true }, 'grace'),
    ask(query, { long: null, on: true }, 'ada'),
    ask(query, { on: true }, 'ada'),
    ask(query, { on: false }, 'ada'),
  ];
  await answerAll();
  expect(asked).toHaveLength(5);
  expect((await Promise.all(answers)).at(-1)).toBe('{"data":{"users":[{"id":"u1"}]}}');
});

it('takes a condition on what is fetched from nobody for a difference, too', async () => {
  const ask = asker();
  const query = 'query($on: Boolean!) { users { id } kind: __typename @include(if: $on) }';
  const answers = [true, false].map((on) => ask(query, { on }));
  await answerAll();
  expect(await Promise.all(answers)).toEqual([
    '{"data":{"users":[{"id":"u1"}],"kind":"Query"}}',
    '{"data":{"users":[{"id":"u1"}]}}',
  ]);
});

it('goes on for the others when one leaves, and ends when all have', async () => {
  const ask = asker();
  const [first, second] = [new AbortController(), new AbortController()];
  const left = ask('{ users { id } }', {}, '', first);
  const stays = ask('{ users { id } }', {}, '', second);
  first.abort();
  // He is told that his time was over, as soon as somebody looks.
  expect(JSON.parse(await left)).toMatchObject({
    data: null,
    errors: [{ path: ['users'], extensions: { code: 'DEADLINE_EXCEEDED' } }],
  });
  await answerAll();
  expect(await stays).toBe('{"data":{"users":[{"id":"u1"}]}}');
  expect(asked).toHaveLength(1);
});

it('begins anew once the first has its answer', async () => {
  const ask = asker();
  for (const _ of [1, 2]) {
    const answer = ask('{ users { id } }');
    await answerAll();
    expect(await answer).toBe('{"data":{"users":[{"id":"u1"}]}}');
  }
  expect(asked).toHaveLength(2);
});

it('keeps what is there when the time is over before the rest', async () => {
  const ask = asker();
  const gone = new AbortController();
  const answer = ask('{ users { id } goods { id } }', {}, '', gone);
  expect(asked).toHaveLength(2);
  waiting[0]!();
  await new Promise((resolve) => setImmediate(resolve));
  gone.abort();
  expect(JSON.parse(await answer)).toMatchObject({
    data: { users: [{ id: 'u1' }], goods: null },
    errors: [{ path: ['goods'], extensions: { code: 'DEADLINE_EXCEEDED' } }],
  });
});

it('keeps it for him who leaves alone, and brings the others the rest', async () => {
  const ask = asker();
  const gone = new AbortController();
  const query = '{ goods { id owner { name } } }';
  const [left, stays] = [ask(query, {}, '', gone), ask(query)];
  waiting.shift()!();
  await new Promise((resolve) => setImmediate(resolve));
  expect(asked).toHaveLength(2);
  gone.abort();
  expect(JSON.parse(await left)).toMatchObject({
    data: { goods: [{ owner: null }] },
    errors: [{ path: ['goods', 0, 'owner', 'name'], extensions: { code: 'DEADLINE_EXCEEDED' } }],
  });
  await answerAll();
  expect(JSON.parse(await stays)).toMatchObject({ data: { goods: [{ owner: { name: 'Ada' } }] } });
  expect(asked).toHaveLength(2);
});
