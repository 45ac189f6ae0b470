import { expect, it } from 'vitest';
import { createCalls, type Answering } from '../../../gateway/cluster/createCalls.js';
import { MeshError } from '../../../gateway/errors.js';

type Server = {
  double(number: number): Promise<number>;
  refuse(code: string | null): Promise<never>;
  silent(nothing: null): Promise<void>;
};

/** Two ends of one channel, over which everything goes as text. */
function connect(serving: Answering) {
  const client = createCalls<Server>((message, sent) => {
    sent(null);
    server.take(JSON.parse(JSON.stringify(message)));
  }, {});
  const server = createCalls<Answering>((message) => client.take(JSON.parse(JSON.stringify(message))), serving);
  return client;
}

const server: Server = {
  double: async (number) => number * 2,
  refuse: async (code) => {
    throw code === null ? new TypeError('a bug') : new MeshError(code, 'No.');
  },
  silent: () => new Promise(() => undefined),
};

it('answers each call with its own answer, errors with their codes', async () => {
  const client = connect(server);
  const doubled = await Promise.all([1, 2, 3].map((number) => client.call('double', number, 1_000)));
  expect(doubled).toEqual([2, 4, 6]);
  await expect(client.call('refuse', 'FORBIDDEN', 1_000)).rejects.toMatchObject({ code: 'FORBIDDEN', message: 'No.' });
  const bug = await client.call('refuse', null, 1_000).catch((error: unknown) => error);
  expect(bug).toMatchObject({ message: 'TypeError: a bug', stack: expect.stringMatching(/createCalls\.test/) as string });
  expect(bug).not.toBeInstanceOf(MeshError);
});

it('waits neither for who does not answer, nor for who is gone', async () => {
  const client = connect(server);
  await expect(client.call('silent', null, 1)).rejects.toThrow(/"silent" in time/);
  const waiting = client.call('silent', null, 60_000);
  client.end(new Error('gone'));
  await expect(waiting).rejects.toThrow('gone');
  await expect(client.call('double', 1, 1_000)).rejects.toThrow('gone');
  const cut = createCalls<Server>((_, sent) => sent(new Error('channel closed')), {});
  await expect(cut.call('double', 1, 1_000)).rejects.toThrow('channel closed');
});
