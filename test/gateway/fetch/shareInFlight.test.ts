import { expect, it } from 'vitest';
import { shareInFlight } from '../../../gateway/fetch/shareInFlight.js';
import type { FetchContext } from '../../../gateway/fetch/SubgraphClient.js';
import { anonymousContext } from '../../support/anonymousContext.js';
import { mutation, query, scripted } from './support/scripted.js';

const NOW = 1_000_000;

function sharing() {
  const subgraph = scripted();
  const viewOf = ({ headers }: FetchContext): string => String(headers?.['x-team'] ?? '');
  const client = shareInFlight(subgraph.client, { name: 'odd', clock: () => NOW, viewOf });
  return { ...subgraph, client };
}

function context(more: Partial<FetchContext> = {}, deadlineAt = NOW + 30_000): FetchContext {
  const { request, signal } = anonymousContext();
  return { request: { ...request, deadlineAt }, signal, ...more };
}

const data = { a: 1 };

it('sends identical queries once, whichever plan they come from, and says that the answer is shared', async () => {
  const { client, asked } = sharing();
  const answers = [1, 2, 3].map(() => client.request(query('{ a }', '{"x":1}'), context()));
  expect(asked).toHaveLength(1);
  asked[0]!.answer({ data });
  const [first, ...others] = await Promise.all(answers);
  expect(first).toEqual({ data, isShared: true });
  for (const other of others) expect(other.data).toBe(data);
  // What is over is asked again, and alone the answer is nobody else's.
  const alone = client.request(query('{ a }', '{"x":1}'), context());
  expect(asked).toHaveLength(2);
  asked[1]!.answer({ data });
  expect(await alone).toEqual({ data });
});

it('keeps apart what differs in text, variables, view or event, and every mutation', () => {
  const { client, asked } = sharing();
  const calls = [
    [query('{ a }'), context()],
    [query('{ b }'), context()],
    [query('{ a }', '{"x":1}'), context()],
    [query('{ a }'), context({ headers: { 'x-team': 'red' } })],
    [query('{ a }'), context({ headers: { 'x-team': 'blue' } })],
    [query('{ a }'), context({ after: 'c1' })],
    [query('{ a }'), context({ after: 'c2' })],
  ] as const;
  for (let round = 0; round < 2; round++) for (const [call, from] of calls) void client.request(call, from);
  expect(asked).toHaveLength(calls.length);
  for (let round = 0; round < 2; round++) void client.request(mutation, context());
  expect(asked).toHaveLength(calls.length + 2);
});

it('answers nobody who comes after a mutation with what was asked before it ended', async () => {
  const { client, asked } = sharing();
  const before = client.request(query('{ a }'), context());
  const changing = client.request(mutation, context());
  void client.request(query('{ a }'), context());
  expect(asked).toHaveLength(2);
  asked[1]!.answer({ data });
  await changing;
  const after = client.request(query('{ a }'), context());
  expect(asked).toHaveLength(3);
  asked[0]!.answer({ data: { a: 'old' } });
  expect(await before).toMatchObject({ data: { a: 'old' } });
  // The one that ended is not the one that is on the way.
  const alongside = client.request(query('{ a }'), context());
  expect(asked).toHaveLength(3);
  asked[2]!.answer({ data: { a: 'new' } });
  expect(await Promise.all([after, alongside])).toMatchObject([{ data: { a: 'new' } }, { data: { a: 'new' } }]);
});

it('lets each wait as long as its own signal and deadline say, and ends the request when nobody waits', async () => {
  const { client, asked } = sharing();
  const gone = new AbortController();
  const leaves = client.request(query('{ a }'), context({ signal: gone.signal }));
  const late = client.request(query('{ a }'), context({}, NOW + 20));
  const stays = client.request(query('{ a }'), context());
  gone.abort();
  await expect(leaves).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  await expect(late).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  expect(asked[0]!.context.signal.aborted).toBe(false);
  asked[0]!.answer({ data });
  // Of several only one is left, so nobody else has it.
  expect(await stays).toEqual({ data });

  const all = [new AbortController(), new AbortController()];
  const waiting = all.map(({ signal }) => client.request(query('{ a }'), context({ signal })));
  expect(asked).toHaveLength(2);
  for (const controller of all) controller.abort();
  for (const each of waiting) await expect(each).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  expect(asked[1]!.context.signal.aborted).toBe(true);
  await expect(client.request(query('{ a }'), context({ signal: AbortSignal.abort() }))).rejects.toMatchObject({
    code: 'DEADLINE_EXCEEDED',
  });
  // Nobody joins what was given up.
  void client.request(query('{ a }'), context());
  expect(asked).toHaveLength(3);
});

it('lets nobody wait for a request that would end before he has to', () => {
  const { client, asked } = sharing();
  void client.request(query('{ a }'), context({}, NOW + 500));
  void client.request(query('{ a }'), context({}, NOW + 1_400));
  expect(asked).toHaveLength(1);
  void client.request(query('{ a }'), context({}, NOW + 30_000));
  expect(asked).toHaveLength(2);
  expect(asked.map(({ context: { request } }) => request.deadlineAt)).toEqual([NOW + 1_500, NOW + 31_000]);
});

it('fails for all who wait, and only for them', async () => {
  const { client, asked, isClosed } = sharing();
  const failing = [1, 2].map(() => client.request(query('{ a }'), context()));
  asked[0]!.fail(new Error('down'));
  for (const each of failing) await expect(each).rejects.toThrow('down');
  const next = client.request(query('{ a }'), context());
  asked[1]!.answer({ data });
  expect(await next).toEqual({ data });
  const changing = client.request(mutation, context());
  asked[2]!.fail(new Error('no'));
  await expect(changing).rejects.toThrow('no');
  await client.close();
  expect(isClosed()).toBe(true);
});
