import { EventEmitter, once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createToldHeaders } from '../../../gateway/fetch/toldHeaders.js';
import { SUBGRAPH_DEFAULTS } from '../../../gateway/config/subgraphsConfig.js';
import type { Call } from '../../../gateway/context/createCall.js';
import { printed } from '../../../gateway/execution/Outcome.js';
import type { Operation } from '../../../gateway/pipeline/Operations.js';
import { createFlights } from '../../../gateway/transport/createFlights.js';
import { serveOperations } from '../support/serveOperations.js';

/** All that a flight looks at of who waits for it. */
function waiter(destroyed = false): ServerResponse {
  return Object.assign(new EventEmitter(), { destroyed }) as unknown as ServerResponse;
}

function flying() {
  const flights = createFlights<string>();
  const made: { gone: AbortController; mayShare: () => void; answer: (text: string) => void; fail: (error: Error) => void }[] =
    [];
  const start = (key: string, response = waiter()) =>
    flights.start(key, response, (gone, mayShare) => new Promise((answer, fail) => made.push({ gone, mayShare, answer, fail })));
  return { flights, made, start };
}

describe('an answer that is being made', () => {
  it('is for who asks the same once it may be shared, and until it is there', async () => {
    const { flights, made, start } = flying();
    const first = start('a');
    expect(flights.join('a', waiter())).toBeUndefined();
    made[0]!.mayShare();
    const joined = flights.join('a', waiter());
    expect(flights.join('b', waiter())).toBeUndefined();
    made[0]!.answer('A');
    expect(await Promise.all([first, joined])).toEqual(['A', 'A']);
    expect(flights.join('a', waiter())).toBeUndefined();
  });

  it("is nobody else's when it may be shared only after it is there", async () => {
    const { flights, made, start } = flying();
    const first = start('a');
    made[0]!.answer('A');
    await first;
    made[0]!.mayShare();
    expect(flights.join('a', waiter())).toBeUndefined();
  });

  it('fails for all who wait, and for nobody who comes later', async () => {
    const { flights, made, start } = flying();
    const waiting = [start('a')];
    made[0]!.mayShare();
    waiting.push(flights.join('a', waiter())!);
    made[0]!.fail(new Error('down'));
    for (const each of waiting) await expect(each).rejects.toThrow('down');
    expect(flights.join('a', waiter())).toBeUndefined();
  });

  it('is given up when all have left, whoever began it, and joined by nobody then', async () => {
    const { flights, made, start } = flying();
    const [first, second, third] = [waiter(), waiter(), waiter()];
    const begun = start('a', first);
    made[0]!.mayShare();
    void flights.join('a', second);
    void flights.join('a', third);
    first.emit('close');
    third.emit('close');
    expect(made[0]!.gone.signal.aborted).toBe(false);
    second.emit('close');
    expect(made[0]!.gone.signal.aborted).toBe(true);
    expect(flights.join('a', waiter())).toBeUndefined();
    // The next is another one, which the end of the first does not end.
    const next = start('a');
    made[1]!.mayShare();
    made[0]!.answer('old');
    await begun;
    const joined = flights.join('a', waiter());
    made[1]!.answer('new');
    expect(await Promise.all([next, joined])).toEqual(['new', 'new']);
  });

  it('is given up at once when who asked has left before', async () => {
    const { made, start } = flying();
    const begun = start('a', waiter(true));
    expect(made[0]!.gone.signal.aborted).toBe(true);
    made[0]!.answer('A');
    await begun;
  });

  it('is not given up for who leaves once it is there', async () => {
    const { made, start } = flying();
    const response = waiter();
    const begun = start('a', response);
    made[0]!.answer('A');
    await begun;
    response.emit('close');
    expect(made[0]!.gone.signal.aborted).toBe(false);
  });
});

describe('over HTTP', () => {
  const SDL = 'type Query { a(x: Int): Int b: Int } type Mutation { change: Int }';
  let effects = 0;
  let running: { operation: Operation; call: Call; end: (data?: object) => void }[] = [];
  let heard = new EventEmitter();
  const settings = { ...SUBGRAPH_DEFAULTS, headers: [{ from: 'x-team', name: 'x-team', fallback: null }] };
  const told = createToldHeaders({ byName: new Map(), others: settings });
  const sharing = {
    moment: () => String(effects),
    toldHeaders: (headers: Parameters<typeof told>[0]) => {
      // It goes on when the request has joined, or has not.
      queueMicrotask(() => heard.emit('asked'));
      return told(headers);
    },
  };
  let server: Awaited<ReturnType<typeof serveOperations>>;
  beforeEach(async () => {
    effects = 0;
    running = [];
    heard = new EventEmitter();
    server = await serveOperations(
      SDL,
      (operation, call) =>
        new Promise((resolve) => {
          const definition = operation.document.definitions[0]!;
          // As the pipeline does: what has no effect and is decided by nothing but the view.
          if (definition.kind === 'OperationDefinition' && definition.operation === 'query') call.answersAlike();
          running.push({ operation, call, end: (data = { a: running.length }) => resolve(printed(JSON.stringify(data))) });
          heard.emit('running');
        }),
      sharing,
    );
  });
  afterEach(() => server.close());

  interface Ask {
    readonly body?: object;
    readonly headers?: Record<string, string>;
    readonly signal?: AbortSignal;
  }
  const send = ({ body = { query: '{ a }' }, headers = {}, signal }: Ask = {}) =>
    fetch(server.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer dev-analyst', ...headers },
      body: JSON.stringify(body),
      ...(signal && { signal }),
    });
  /** Begins an operation and waits until it runs. */
  const begin = async (ask: Ask = {}): Promise<{ readonly answer: Promise<Response> }> => {
    const begins = once(heard, 'running');
    const answer = send(ask);
    answer.catch(() => undefined);
    await begins;
    return { answer };
  };
  /** Asks for what is on the way already and waits until the server knows. */
  const join = async (ask: Ask = {}): Promise<{ readonly answer: Promise<Response> }> => {
    const joins = once(heard, 'asked');
    const answer = send(ask);
    answer.catch(() => undefined);
    await joins;
    return { answer };
  };

  it('is one for equal queries of one view that meet', async () => {
    const asked = [await begin(), await join(), await join({ headers: { 'x-mine': 'told to nobody' } })];
    expect(running).toHaveLength(1);
    running[0]!.end({ a: 7 });
    for (const { answer } of asked) expect(await (await answer).text()).toBe('{"data":{"a":7}}');
  });

  it.each<[string, Ask]>([
    ['another text', { body: { query: '{ a  }' } }],
    ['other variables', { body: { query: '{ a }', variables: { x: 1 } } }],
    ['another operation name', { body: { query: '{ a }', operationName: '' } }],
    ['another principal', { headers: { authorization: 'Bearer dev-viewer' } }],
    ['a header that a subgraph is told', { headers: { 'x-team': 'red' } }],
    ['another media type', { headers: { 'content-type': 'application/json; charset=utf-8' } }],
    ['a deadline', { headers: { 'x-mesh-deadline-ms': '500' } }],
    ['a budget', { headers: { 'x-mesh-budget-usd': '1' } }],
    ['an event to wait for', { headers: { 'x-mesh-after': 'c' } }],
  ])('is another one for who asks with %s', async (_, ask) => {
    const asked = [await begin(), await begin(ask)];
    expect(running).toHaveLength(2);
    running.forEach(({ end }) => end());
    for (const { answer } of asked) expect((await answer).status).toBe(200);
  });

  it('is never one for mutations', async () => {
    const ask = { body: { query: 'mutation { change }' } };
    const asked = [await begin(ask), await begin(ask)];
    running.forEach(({ end }, at) => end({ change: at }));
    for (const [at, { answer }] of asked.entries()) expect(await (await answer).json()).toEqual({ data: { change: at } });
  });

  it('is another one for who asks after an effect', async () => {
    const asked = [await begin()];
    effects++;
    asked.push(await begin());
    running.forEach(({ end }, at) => end({ a: at }));
    for (const [at, { answer }] of asked.entries()) expect(await (await answer).json()).toEqual({ data: { a: at } });
  });

  it('goes on while one of several waits, and ends when all have left', async () => {
    const gone = [new AbortController(), new AbortController()];
    await begin({ signal: gone[0]!.signal });
    await join({ signal: gone[1]!.signal });
    const stays = await join();
    gone[0]!.abort();
    gone[1]!.abort();
    running[0]!.end({ a: 5 });
    expect(await (await stays.answer).json()).toEqual({ data: { a: 5 } });

    const all = [new AbortController(), new AbortController()];
    await begin({ signal: all[0]!.signal });
    await join({ signal: all[1]!.signal });
    const ended = once(running[1]!.call.signal, 'abort');
    for (const controller of all) controller.abort();
    await ended;
    running[1]!.end();
  });
});
