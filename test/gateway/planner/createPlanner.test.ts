import { composeServices } from '@apollo/composition';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, validate, type DocumentNode } from 'graphql';
import { describe, expect, it } from 'vitest';
import { createPlanner } from '../../../gateway/planner/createPlanner.js';
import { loadSupergraph } from '../../../gateway/planner/loadSupergraph.js';
import { printPlan } from '../../../gateway/planner/printPlan.js';
import { packageRoot } from '../../../subgraphs/shared/packageRoot.js';

const supergraph = loadSupergraph(readFileSync(join(packageRoot, 'schema/supergraph.graphql'), 'utf8'));
const planner = createPlanner(supergraph);

function plan(text: string) {
  const document = parse(text);
  expect(validate(supergraph.apiSchema, document)).toEqual([]);
  return planner.plan(document);
}

const INPUT = 'input: { taskClass: "docs", prompt: "why" }';
const EVALUATION = 'input: { taskId: "t", metric: "correct", score: 1, passed: true, evaluator: "me" }';

describe('routed fields', () => {
  it('are fetches of their own, each with a hint of its own, whatever stands beside them', () => {
    const { segments, routed } = plan(`query ($b: String!) {
      a: ask(${INPUT}) { text }
      agents { nodes { id } }
      b: ask(input: { taskClass: "docs", prompt: $b }) { text }
      a: ask(${INPUT}) { costUsd }
    }`);
    expect(routed.map(({ responseName, hintVariable, coordinate }) => [responseName, hintVariable, coordinate])).toEqual([
      ['a', '_route0', 'Query.ask'],
      ['b', '_route2', 'Query.ask'],
    ]);
    expect(segments.map(({ routed: each }) => each?.responseName)).toEqual(['a', undefined, 'b']);
    expect(printPlan(planner.plan(parse(`{ a: ask(${INPUT}) { text } b: ask(${INPUT}) { text } }`)))).toMatch(
      /^at once\n[^]*_route: \$_route0[^]*_route: \$_route1/,
    );
  });

  it('give the input as the subgraph will receive it, and say whether they are left out', () => {
    const [routed] = plan(`query ($p: String! = "why", $no: Boolean!) {
      ... @include(if: $no) { ask(input: { taskClass: "docs", prompt: $p }) { text } } }`).routed;
    expect(routed!.input({ p: 'because' })).toMatchObject({ taskClass: 'docs', prompt: 'because' });
    expect([true, false].map((no) => routed!.isIncluded({ no }))).toEqual([true, false]);
  });

  it('are included when any of their repetitions is', () => {
    for (const text of [
      `query ($a: Boolean!, $b: Boolean!) { ask(${INPUT}) @include(if: $a) { text } ask(${INPUT}) @include(if: $b) { costUsd } }`,
      `mutation ($a: Boolean!, $b: Boolean!) { taskRun(${INPUT}) @include(if: $a) { userErrors { code } }
        ... @include(if: $b) { taskRun(${INPUT}) { task { id } } } }`,
    ]) {
      const { routed } = plan(text);
      expect(routed).toHaveLength(1);
      const included = (a: boolean, b: boolean) => routed[0]!.isIncluded({ a, b });
      expect([included(true, false), included(false, true), included(false, false)]).toEqual([true, true, false]);
    }
  });

  it('take their hints from variables that the client has not', () => {
    const { routed, segments } = plan(`query ($_route0: String!, $_route0_: ID) {
      ask(input: { taskClass: "docs", prompt: $_route0, customerId: $_route0_ }) { text } }`);
    expect(routed[0]!.hintVariable).toBe('_route0__');
    expect(segments[0]!.node).toMatchObject({ variableUsages: expect.arrayContaining(['_route0', '_route0_', '_route0__']) });
  });

  it('keep the order of a mutation', () => {
    const { segments } = plan(`mutation {
      one: evaluationRecord(${EVALUATION}) { userErrors { code } }
      two: taskRun(${INPUT}) { userErrors { code } }
      three: evaluationRecord(${EVALUATION}) { userErrors { code } }
    }`);
    expect(segments.map(({ routed }) => routed?.responseName)).toEqual([undefined, 'two', undefined]);
  });
});

describe('a plan', () => {
  it('is made once for an operation, and remembered up to a bound', () => {
    const text = '{ agents(first: 1) { nodes { id } } }';
    const small = createPlanner(supergraph, { cachedPlans: 1 });
    const first = small.plan(parse(text));
    expect(small.plan(parse(text))).toBe(first);
    small.plan(parse('{ agents(first: 2) { nodes { id } } }'));
    expect(small.plan(parse(text))).not.toBe(first);
  });

  it('is remembered as long as the texts of all together are within a bound', () => {
    const few = createPlanner(supergraph, { cachedCharacters: 100 });
    const [one, other, longer] = [
      '{ agents { nodes { id } } }',
      '{ models { nodes { id } } }',
      `{ agents { nodes { ${'id '.repeat(30)} } } }`,
    ].map((text) => parse(text)) as [DocumentNode, DocumentNode, DocumentNode];
    const first = few.plan(one);
    few.plan(other);
    expect(few.plan(one)).toBe(first);
    few.plan(parse('{ tasks { nodes { id } } }'));
    few.plan(parse('{ budgets { nodes { limitUsd } } }'));
    expect(few.isKept(one)).toBe(false);
    few.plan(longer);
    expect(few.isKept(longer)).toBe(false);
  });

  it('fetches nothing for introspection and for what is skipped', () => {
    for (const text of [
      '{ __typename }',
      '{ agents @skip(if: true) { nodes { id } } }',
      '{ ... @include(if: false) { agents { nodes { id } } } }',
    ])
      expect(printPlan(plan(text))).toBe('nothing to fetch');
  });

  it('of a subscription takes only payload and keys from the event, and the rest from the subgraphs', () => {
    const { subscription } = plan('subscription { taskEvents { kind task { id status agent { name } } } }');
    expect(subscription!.field).toBe('taskEvents');
    expect(subscription!.primary.operation).not.toMatch(/status|agent/);
    expect(printPlan(plan('subscription { taskEvents { kind task { id status agent { name } } } }'))).toMatch(
      /^for each event of Subscription.taskEvents\n[^]*status[^]*name/,
    );
  });

  it('is refused for a subscription without a topic, and for an operation that is not there', () => {
    const composed = composeServices([
      { name: 'one', url: 'http://one.invalid', typeDefs: parse('type Query { a: Int } type Subscription { ticks: Int }') },
    ]);
    const other = createPlanner(loadSupergraph(composed.supergraphSdl!));
    expect(() => other.plan(parse('subscription { ticks }'))).toThrow(
      expect.objectContaining({ code: 'SUBSCRIPTION_UNSUPPORTED' }),
    );
    expect(() => other.plan(parse('query A { a } query B { a }'))).toThrow(/Name one/);
    expect(() => other.plan(parse('query A { a }'), 'B')).toThrow(/no operation named "B"/);
  });
});

it('enters a subgraph by a key that lets it in, wherever the others stand', () => {
  const link = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key"])';
  const composed = composeServices([
    {
      name: 'a',
      url: 'http://a.invalid',
      typeDefs: parse(`${link} type Query { t: T } type T @key(fields: "id") @key(fields: "code") { id: ID! code: ID! }`),
    },
    {
      name: 'b',
      url: 'http://b.invalid',
      typeDefs: parse(`${link} type T @key(fields: "id", resolvable: false) @key(fields: "code") { id: ID! code: ID! x: Int }`),
    },
  ]);
  const text = printPlan(createPlanner(loadSupergraph(composed.supergraphSdl!)).plan(parse('{ t { x } }')));
  expect(text).toMatch(/code/);
  expect(text).toMatch(/x/);
});
