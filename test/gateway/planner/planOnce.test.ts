import { QueryPlanner } from '@apollo/query-planner';
import { afterAll, beforeEach, expect, it, vi } from 'vitest';
import { startShopGateway } from '../support/startShopGateway.js';

const planned = vi.spyOn(QueryPlanner.prototype, 'buildQueryPlan');
const { url, close } = await startShopGateway();
afterAll(close);
beforeEach(() => void planned.mockClear());

async function ask(body: object): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const { data, errors } = (await response.json()) as { data: unknown; errors?: unknown };
  expect(errors).toBeUndefined();
  return data;
}

it('plans texts of one shape once: names, literals, white space and variables make no other plan', async () => {
  const texts = [1, 2, 3].flatMap((first) => [
    `query Named${first}($max: Int) { products(first: ${first}) { id } me { name(upper: true) reviews(max: $max) { text } } }`,
    `query($max:Int){products(first:${first}){id},me{name(upper:true)reviews(max:$max){text}}} # ${first}`,
  ]);
  const answers = [];
  for (const query of texts) for (const max of [1, 2]) answers.push(await ask({ query, variables: { max } }));
  expect(planned).toHaveBeenCalledTimes(1);
  // They are not taken for one another for that.
  expect(new Set(answers.map((data) => JSON.stringify(data))).size).toBeGreaterThan(1);
  await ask({ query: '{ products(first: 1) { id } }' });
  expect(planned).toHaveBeenCalledTimes(2);
});

it('plans once for the first requests of a shape that come together', async () => {
  const texts = Array.from(
    { length: 20 },
    (_, at) => `query Q${at} { users { id friends { name } } search(text: "${at}") { __typename } }`,
  );
  await Promise.all(texts.map((query) => ask({ query })));
  expect(planned).toHaveBeenCalledTimes(1);
});
