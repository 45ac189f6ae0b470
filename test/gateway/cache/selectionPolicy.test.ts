import { ApolloServer } from '@apollo/server';
import { ApolloServerPluginCacheControl } from '@apollo/server/plugin/cacheControl';
import { parse, validate } from 'graphql';
import { describe, expect, it } from 'vitest';
import { createCacheHints } from '../../../gateway/cache/cacheHints.js';
import { selectionPolicy } from '../../../gateway/cache/selectionPolicy.js';
import { loadSupergraph } from '../../../gateway/planner/loadSupergraph.js';
import { findOperation } from '../../../gateway/planner/rootFields.js';
import { supergraphSdl as meshSdl } from '../support/startTestGateway.js';
import { makeNewsroom, newsroomSdl } from '../../support/newsroom.js';

const { supergraph } = makeNewsroom();

function policyOf(query: string, variables: Record<string, unknown> = {}, of = supergraph) {
  const document = parse(query);
  expect(validate(of.apiSchema, document)).toEqual([]);
  const policy = selectionPolicy(of, createCacheHints(of), document, findOperation(document), variables);
  return policy.maxAge ? `${policy.maxAge} ${policy.isPrivate ? 'private' : 'public'}` : 'never';
}

/** The operation, and what may be done with its answer. */
const CASES: readonly (readonly [string, string, Record<string, unknown>])[] = [
  ['{ article(id: "x1") { id title } }', '60 public', {}],
  ['{ latest { title } }', '30 public', {}],
  ['{ article(id: "x1") { title } latest { title } }', '30 public', {}],
  ['{ article(id: "x1") { teaser } }', '10 public', {}],
  ['{ article(id: "x1") { draft } }', 'never', {}],
  ['{ plain { title } }', '90 public', {}],
  ['{ count }', 'never', {}],
  ['{ counted }', '5 public', {}],
  ['{ article(id: "x1") { body { text } } }', '60 public', {}],
  ['{ article(id: "x1") { body { length } } }', '15 public', {}],
  ['{ article(id: "x1") { notes { text } } }', 'never', {}],
  ['{ article(id: "x1") { mine } }', '60 private', {}],
  ['{ viewer { name } }', '40 private', {}],
  ['{ viewer { name } article(id: "x1") { title } }', '40 private', {}],
  ['{ viewer { bookmarks { title } } }', '40 private', {}],
  ['{ spread { number } }', '20 public', {}],
  ['{ spread { article { title } } }', '20 public', {}],
  ['{ article(id: "x1") { __typename } }', '60 public', {}],
  ['{ __typename }', 'never', {}],
  ['query ($no: Boolean!) { article(id: "x1") { title draft @include(if: $no) } }', '60 public', { no: false }],
  ['query ($no: Boolean!) { article(id: "x1") { title ... @skip(if: $no) { draft } } }', 'never', { no: false }],
  ['{ article(id: "x1") { ...F } } fragment F on Article { title teaser }', '10 public', {}],
  ['mutation { publish(id: "x1", title: "t") { title } }', '90 public', {}],
];

describe('what may be done with an answer', () => {
  it.each(CASES)('%s: %s', (query, expected, variables) => {
    expect(policyOf(query, variables)).toBe(expected);
  });

  it('is what Apollo Server says of the same hints', async () => {
    const server = new ApolloServer({
      typeDefs: `directive @cacheControl(maxAge: Int, scope: CacheControlScope, inheritMaxAge: Boolean) on FIELD_DEFINITION | OBJECT | INTERFACE | UNION
        enum CacheControlScope { PUBLIC PRIVATE }
        ${newsroomSdl.articles
          .slice(newsroomSdl.articles.indexOf('type Query'))
          .replace(/"(PUBLIC|PRIVATE)"/g, '$1')
          .replace(/@key\([^)]*\)|@requiresScopes\([^)]*\)/g, '')}`,
      resolvers: {
        Query: Object.fromEntries(
          ['article', 'plain', 'viewer', 'spread']
            .map((name) => [name, () => SOMETHING] as const)
            .concat([['latest', () => [SOMETHING]]]),
        ),
        Mutation: { publish: () => SOMETHING },
      },
      plugins: [ApolloServerPluginCacheControl({ calculateHttpHeaders: true })],
    });
    for (const [query, expected, variables] of CASES) {
      const { http, body } = await server.executeOperation({ query, variables });
      expect(body.kind === 'single' && body.singleResult.errors, query).toBeUndefined();
      const header = http.headers.get('cache-control');
      const [, maxAge, scope] = /^max-age=(\d+), (\w+)$/.exec(header ?? '') ?? [];
      expect(maxAge === undefined ? 'never' : `${maxAge} ${scope}`, query).toBe(expected);
    }
    await server.stop();
  });

  it('is stricter than Apollo Server through a union: a type without a hint adds nothing, one with a shorter one counts', () => {
    expect(policyOf('{ anything { ... on Article { title } } }')).toBe('50 public');
    expect(policyOf('{ anything { ... on Article { teaser } ... on Advert { text } } }')).toBe('10 public');
  });

  it('counts schema questions as never to be kept', () => {
    expect(policyOf('{ __schema { queryType { name } } article(id: "x1") { id } }')).toBe('never');
  });

  it('takes each type that entities are asked of by its own hint', () => {
    const policyOfEntities = (selections: string) => {
      const document = parse(`query ($r: [_Any!]!) { _entities(representations: $r) { ${selections} } }`);
      const policy = selectionPolicy(supergraph, createCacheHints(supergraph), document, findOperation(document), {});
      return policy.maxAge ? policy.maxAge : 'never';
    };
    expect(policyOfEntities('... on Author { name }')).toBe(45);
    expect(policyOfEntities('... on Author { name born }')).toBe(45);
    expect(policyOfEntities('... on Author { name followers { count } }')).toBe('never');
    expect(policyOfEntities('... on Author { name } ... on Article { slug }')).toBe(25);
    expect(policyOfEntities('... on Author { name } ... on Advert { text }')).toBe('never');
    expect(policyOfEntities('... on Author { unheardOf }')).toBe('never');
  });

  it.each([
    [
      '{ agents { totalCount pageInfo { endCursor } edges { cursor node { name skills { id } authority { maxAmountUsd } } } } }',
      '60 public',
    ],
    [
      '{ agent(id: "a") { supervisor { name } reports { name } models { name pricing { version } approval { status } } } }',
      '60 public',
    ],
    ['{ models { nodes { id } } policies { nodes { cedar enabled } } }', '60 public'],
    ['{ me { id scopes } }', '60 private'],
    ['{ agent(id: "a") { tasks { totalCount } } }', 'never'],
    ['{ agent(id: "a") { quality { samples } } }', 'never'],
    ['{ agent(id: "a") { spend { usd } } }', 'never'],
    ['{ agent(id: "a") { decisions { totalCount } } }', 'never'],
    ['{ model(id: "m") { quality { samples } } }', 'never'],
    ['{ model(id: "m") { spend { usd } } }', 'never'],
    ['{ tasks { nodes { id } } }', 'never'],
    ['{ budgets { nodes { limitUsd } } }', 'never'],
    ['{ spend(groupBy: AGENT) { usd } }', 'never'],
    ['{ governanceDecisions { totalCount } }', 'never'],
    ['{ ask(input: { taskClass: "x" }) { agent { name } } }', 'never'],
  ])('in the mesh, of %s: %s', (query, expected) => {
    expect(policyOf(query, {}, loadSupergraph(meshSdl))).toBe(expected);
  });
});

const SOMETHING: object = { id: 'x', body: {}, notes: {}, bookmarks: [{ id: 'y' }], article: { id: 'z' } };
