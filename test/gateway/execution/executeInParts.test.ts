import { parse, validate } from 'graphql';
import { describe, expect, it } from 'vitest';
import { executeInParts } from '../../../gateway/execution/executeInParts.js';
import { executeOperation } from '../../../gateway/execution/executeOperation.js';
import { isIncremental, parsed, type IncrementalPart } from '../../../gateway/execution/Outcome.js';
import type { SubgraphClient } from '../../../gateway/fetch/SubgraphClient.js';
import { coerceVariables } from '../../../gateway/pipeline/handleOperation.js';
import { createPlanner } from '../../../gateway/planner/createPlanner.js';
import { anonymousContext } from '../../support/anonymousContext.js';
import { makeShop } from '../../support/shop.js';

const shop = makeShop();
const planner = createPlanner(shop.supergraph);

function requestOf(query: string, variables: Record<string, unknown>, defer: boolean, clients = shop.clients) {
  const { supergraph } = shop;
  const document = parse(query);
  expect(validate(supergraph.apiSchema, document)).toEqual([]);
  const coerced = coerceVariables({ schema: supergraph.apiSchema, document, variables });
  const plan = planner.plan(document, undefined, { defer });
  return { supergraph, plan, document, variables, coerced, clients, context: anonymousContext() };
}

async function inParts(query: string, variables: Record<string, unknown> = {}, clients = shop.clients) {
  const answer = await executeInParts(requestOf(query, variables, true, clients));
  if (!isIncremental(answer)) return { initial: parsed(answer).data as unknown, parts: [], errors: answer.errors };
  const parts: IncrementalPart[] = [];
  for (;;) {
    const { value, done } = await answer.subsequentResults.next();
    if (done) break;
    parts.push(...(value.incremental ?? []));
    if (!value.hasNext) expect((await answer.subsequentResults.next()).done).toBe(true);
  }
  return {
    initial: parsed(answer.initialResult).data as unknown,
    parts,
    errors: answer.initialResult.errors,
  };
}

/** As a client joins them. */
function joined(initial: unknown, parts: readonly IncrementalPart[]): unknown {
  const answer = structuredClone(initial);
  for (const { path, data } of parts) {
    const object = path.reduce<unknown>((value, step) => (value as Record<string | number, unknown>)[step], answer);
    deepAssign(object as Record<string, unknown>, data ?? {});
  }
  return answer;
}

function deepAssign(target: Record<string, unknown>, source: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(source)) {
    const present = target[name];
    if (present && value && typeof present === 'object' && typeof value === 'object')
      deepAssign(present as Record<string, unknown>, value as Record<string, unknown>);
    else target[name] = value;
  }
}

describe('an answer in parts', () => {
  it.each([
    ['one object', '{ me { id ... @defer { reviews { id text } } } }', 1],
    ['the items of a list', '{ users { id ... @defer(label: "r") { name reviews { id } } } }', 3],
    ['the root', '{ me { id } ... @defer { latest { text } products { id } } }', 1],
    [
      'parts in parts',
      '{ users { id ... @defer(label: "a") { reviews { id ... @defer(label: "b") { text by { name } } } } } }',
      null,
    ],
    [
      'a named fragment in two places',
      '{ me { ...F @defer } users { ...F @defer } } fragment F on User { id reviews { id } }',
      4,
    ],
    ['some types only', '{ products { id ... on Book { pages ... @defer { reviews { id } } } } }', null],
    ['the same field at once and later', '{ me { reviews { id } ... @defer { reviews { text } } } }', 1],
    ['aliases', '{ a: me { x: id ... @defer { y: reviews { z: id } } } }', 1],
  ])('of %s is the whole answer when it is put together', async (_, query, count) => {
    const { initial, parts } = await inParts(query);
    const whole = (await executeOperation(requestOf(query, {}, false))).shape();
    expect(joined(initial, parts)).toEqual(JSON.parse(JSON.stringify(whole.data)));
    expect(initial).not.toEqual(JSON.parse(JSON.stringify(whole.data)));
    if (count !== null) expect(parts).toHaveLength(count);
  });

  it("has each part's label and place, and tells a part before those inside it", async () => {
    const { parts } = await inParts(
      '{ me { id ... @defer(label: "a") { reviews { id ... @defer(label: "b") { by { email } } } } } }',
    );
    expect(parts[0]).toMatchObject({ label: 'a', path: ['me'] });
    expect(parts.slice(1).map(({ label, path }) => [label, path])).toEqual(
      (parts[0]!.data!['reviews'] as object[]).map((__, index) => ['b', ['me', 'reviews', index]]),
    );
  });

  it('comes whole when a variable defers nothing', async () => {
    const query = 'query ($later: Boolean!) { me { id ... @defer(if: $later) { reviews { id } } } }';
    expect((await inParts(query, { later: false })).parts).toEqual([]);
    expect((await inParts(query, { later: true })).parts).toHaveLength(1);
  });

  it('leaves out parts that a condition leaves out', async () => {
    const query =
      'query ($no: Boolean!) { me { id ... @include(if: $no) { ... @defer { reviews { id } } } ... @defer { name } } }';
    const { parts } = await inParts(query, { no: false });
    expect(parts.map(({ data }) => Object.keys(data!))).toEqual([['name']]);
  });

  it('has no part for what is null or was not found', async () => {
    expect((await inParts('{ nobody { id ... @defer { name } } me { id } }')).parts).toEqual([]);
  });

  it('tells the failure of a part with that part, and where it is', async () => {
    const down: SubgraphClient = { request: () => Promise.reject(new Error('down')), close: async () => undefined };
    const clients = new Map(shop.clients).set('reviews', down);
    const { initial, parts, errors } = await inParts('{ users { id ... @defer { reviews { id } } } }', {}, clients);
    expect(initial).toEqual({ users: [1, 2, 3].map((n) => ({ id: `u${n}` })) });
    expect(errors).toBeUndefined();
    expect(parts).toMatchObject(
      [0, 1, 2].map((index) => ({
        path: ['users', index],
        data: { reviews: null },
        errors: [{ path: ['users', index, 'reviews'], extensions: { code: 'SUBREQUEST_FAILED' } }],
      })),
    );
  });

  it('shows what is ready while a part is still on its way', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const reviews = shop.clients.get('reviews')!;
    const slow: SubgraphClient = {
      request: async (call, context) => {
        await held;
        return reviews.request(call, context);
      },
      close: async () => undefined,
    };
    const clients = new Map(shop.clients).set('reviews', slow);
    const answer = await executeInParts(requestOf('{ me { id name ... @defer { reviews { id } } } }', {}, true, clients));
    if (!isIncremental(answer)) throw new Error('whole');
    expect(parsed(answer.initialResult)).toEqual({ data: { me: { id: 'u1', name: 'Ada' } } });
    const next = answer.subsequentResults.next();
    release();
    expect((await next).value).toMatchObject({ hasNext: false, incremental: [{ path: ['me'] }] });
  });

  it('ends at once when nobody wants the rest', async () => {
    const never: SubgraphClient = { request: () => new Promise(() => undefined), close: async () => undefined };
    const clients = new Map(shop.clients).set('reviews', never);
    const answer = await executeInParts(requestOf('{ me { id ... @defer { reviews { id } } } }', {}, true, clients));
    if (!isIncremental(answer)) throw new Error('whole');
    const next = answer.subsequentResults.next();
    await answer.subsequentResults.return!();
    expect((await next).done).toBe(true);
  });
});
