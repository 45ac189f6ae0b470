import { expect, it } from 'vitest';
import { createBulkhead } from '../../../../subgraphs/agents/runner/createBulkhead.js';

const never = new AbortController().signal;

it('lets so many in under each key, the rest in the order in which they came, and refuses those beyond the queue', async () => {
  const bulkhead = createBulkhead();
  const enter = () => bulkhead.enter([{ key: 'a', max: 1 }], never);
  const first = (await enter())!;
  const order: string[] = [];
  const second = enter().then((leave) => (order.push('second'), leave!));
  const third = enter().then((leave) => (order.push('third'), leave!));
  expect(await enter()).toBeUndefined();
  expect(await bulkhead.enter([{ key: 'b', max: 1 }], never)).toBeDefined();
  first();
  (await second)();
  (await third)();
  expect(order).toEqual(['second', 'third']);
  expect(await enter()).toBeDefined();
});

it('gives up a place in the queue when its signal fires, and the room under other keys with it', async () => {
  const bulkhead = createBulkhead();
  const leave = (await bulkhead.enter([{ key: 'model', max: 1 }], never))!;
  const controller = new AbortController();
  const both = [
    { key: 'agent', max: 1 },
    { key: 'model', max: 1 },
  ];
  const waiting = bulkhead.enter(both, controller.signal);
  controller.abort();
  expect(await waiting).toBeUndefined();
  expect(await bulkhead.enter([{ key: 'agent', max: 1 }], AbortSignal.abort())).toBeDefined();
  leave();
  expect(await bulkhead.enter([{ key: 'model', max: 1 }], AbortSignal.abort())).toBeDefined();
});
