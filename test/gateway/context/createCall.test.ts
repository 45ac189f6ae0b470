import { getEventListeners, once } from 'node:events';
import { expect, it } from 'vitest';
import { createCall, type CallOptions } from '../../../gateway/context/createCall.js';
import { LazyAbort } from '../../../gateway/context/LazyAbort.js';
import { ANONYMOUS } from '../../../subgraphs/shared/principal.js';

function open(gone: CallOptions['gone'], headers: CallOptions['headers'] = {}) {
  return createCall({
    caller: { principal: ANONYMOUS, expiresAt: null },
    headers,
    overGet: false,
    gone,
    clock: Date.now,
    randomHex: (bytes) => '1'.repeat(bytes * 2),
  });
}

it.each([
  ['a signal', () => new AbortController().signal],
  ['an abort of its own', () => new LazyAbort()],
])('is aborted when its time is over, with %s of the client', async (_, gone) => {
  const call = open(gone(), { 'x-mesh-deadline-ms': '1' });
  expect(call.isAborted!()).toBe(false);
  await once(call.signal, 'abort');
  expect(call.isAborted!()).toBe(true);
  call.end();
});

it('is aborted when the client goes, whether its signal was made before or is made after', () => {
  for (const isMade of [true, false]) {
    const client = new AbortController();
    const call = open(client.signal);
    if (isMade) expect(call.signal.aborted).toBe(false);
    client.abort();
    expect([call.isAborted!(), call.signal.aborted]).toEqual([true, true]);
    call.end();
  }
  const call = open(AbortSignal.abort());
  expect(call.signal.aborted).toBe(true);
  call.end();
});

it('leaves nothing on the signal of a connection that goes on', () => {
  const client = new AbortController();
  const calls = Array.from({ length: 5 }, () => open(client.signal));
  expect(getEventListeners(client.signal, 'abort')).toHaveLength(5);
  for (const call of calls) call.end();
  expect(getEventListeners(client.signal, 'abort')).toHaveLength(0);
  client.abort();
  expect(calls.some((call) => call.isAborted!())).toBe(false);
});
