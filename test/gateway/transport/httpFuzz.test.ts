import fc from 'fast-check';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ERRORS } from '../../../gateway/errors.js';
import { sendRaw, type RawAnswer } from '../support/rawHttp.js';
import { startShopGateway } from '../support/startShopGateway.js';
import { startTestGateway, type TestGateway } from '../support/startTestGateway.js';

/** FUZZ_SEED repeats a run, FUZZ_RUNS makes it longer. */
const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000_000);
const numRuns = Number(process.env['FUZZ_RUNS'] ?? 1_000);

const QUERIES = [
  '{ __typename }',
  'query ($id: ID!) { agent(id: $id) { id name } }',
  'query Shop($id: ID!, $n: Int) { user(id: $id) { id ... on User { name: email } } products(first: $n) { __typename id } }',
  'mutation ($id: ID!) { agentSetStatus(id: $id, status: ACTIVE) { agent { id } } }',
  'subscription { taskEvents { kind } }',
  '{ ask(input: { taskClass: "x" }) { text } }',
  '{ agent(id: "a") { id ... @defer { name supervisor { id } } } }',
  '{ me { id ... @defer(label: "late") { name reviews { text } } } users { id ... @defer { bought { id } } } }',
];

/** Operations that are meant to cost a lot, or to lead in circles. */
const bombs = fc.oneof(
  fc.integer({ min: 1, max: 4_000 }).map((n) => `{ ${Array.from({ length: n }, (_, i) => `a${i}: __typename`).join(' ')} }`),
  fc.integer({ min: 1, max: 4_000 }).map((n) => `{ agent(id: "a") ${'{ supervisor '.repeat(n)}`),
  fc.integer({ min: 1, max: 200 }).map((n) => `{ agent(id: "a") ${'{ supervisor '.repeat(n)} { id } ${'}'.repeat(n + 1)}`),
  fc
    .integer({ min: 1, max: 40 })
    .map(
      (n) =>
        `{ ...F0 } ${Array.from({ length: n }, (_, i) => `fragment F${i} on Query { ...F${(i + 1) % n} ...F${(i + 1) % n} }`).join(' ')}`,
    ),
  fc.integer({ min: 1, max: 20_000 }).map((n) => `{ agent(id: ${'['.repeat(n)}`),
  fc
    .integer({ min: 1, max: 2_000 })
    .map((n) => `query (${Array.from({ length: n }, (_, i) => `$v${i}: ID`).join(' ')}) { __typename }`),
  fc.integer({ min: 1, max: 2_000 }).map((n) => `{ __typename ${'@include(if: true) '.repeat(n)} }`),
  fc.constantFrom('fragment F on Query { ...F } { ...F }', '{ __schema { types { fields { type { fields { name } } } } } }'),
);
const TOKENS =
  '{ } ( ) [ ] : ! = | & @ $ ... " """ # \\ , query mutation subscription fragment on F agent id name __typename __proto__ 1 -1.5e9 true null \u0000 \ufeff é 🏃'.split(
    ' ',
  );
const soup = fc.array(fc.constantFrom(...TOKENS), { maxLength: 60 }).map((tokens) => tokens.join(' '));
const queries = fc.oneof(
  { arbitrary: fc.constantFrom(...QUERIES), weight: 6 },
  bombs,
  soup,
  fc.string({ unit: 'binary', maxLength: 200 }),
);

const deep = fc.tuple(fc.integer({ min: 1, max: 3_000 }), fc.constantFrom('[]', '{}')).map(([n, kind]) => {
  const [open, close] = kind === '[]' ? ['[', ']'] : ['{"a":', '}'];
  return open!.repeat(n) + '1' + close!.repeat(n);
});
const wide = fc.integer({ min: 1, max: 20_000 }).map((n) => `{${Array.from({ length: n }, (_, i) => `"k${i}":${i}`).join()}}`);
const lists = fc.integer({ min: 1, max: 50_000 }).map((n) => `{"id":[${Array(n).fill('"x"').join()}]}`);
const variables = fc.oneof(
  fc.record({ id: fc.string(), n: fc.integer() }).map((value) => JSON.stringify(value)),
  fc.record({ id: fc.jsonValue(), n: fc.jsonValue() }).map((value) => JSON.stringify(value)),
  fc.json(),
  deep,
  wide,
  lists,
  fc.constantFrom('{"__proto__":{"id":"a"}}', '{"constructor":1,"toString":null}', '{"id":1e999}', '{"id":"\\ud800"}', 'null'),
);
const extensions = fc.oneof(
  fc.json(),
  fc.constantFrom(
    '{"persistedQuery":{"version":1,"sha256Hash":"00"}}',
    '{"persistedQuery":{"version":2}}',
    '{"persistedQuery":7}',
    '{"persistedQuery":null}',
    '{"operationId":"1"}',
  ),
);
/** A JSON text that is a request, more or less: mostly with a query, and seldom with a second thing that is odd. */
const requests = fc
  .tuple(
    fc.oneof(
      { arbitrary: queries.map((query): [string, string] => ['query', JSON.stringify(query)]), weight: 12 },
      fc.json().map((json): [string, string] => ['query', json]),
      fc.constantFrom('"sha256:00"', '""', '[]').map((json): [string, string] => ['documentId', json]),
    ),
    fc.oneof(
      { arbitrary: variables.map((json): [string, string] => ['variables', json]), weight: 6 },
      extensions.map((json): [string, string] => ['extensions', json]),
      fc
        .oneof(fc.constantFrom('"Shop"', '""', '"nobody"', '7'), fc.json())
        .map((json): [string, string] => ['operationName', json]),
    ),
  )
  .map((members) => `{${members.map(([name, json]) => `"${name}":${json}`).join()}}`);
const batches = fc.array(fc.oneof(requests, fc.json()), { maxLength: 14 }).map((items) => `[${items.join()}]`);

/** Bytes with a few of them changed, left out, put in, or all after some place cut off, often within a character. */
const mutated = fc
  .tuple(
    fc.oneof(requests, batches),
    fc.array(fc.tuple(fc.nat(), fc.constantFrom('change', 'drop', 'insert', 'cut'), fc.nat(255)), { minLength: 1, maxLength: 4 }),
  )
  .map(([text, changes]) => {
    let bytes = Buffer.from(text);
    for (const [place, change, value] of changes) {
      const at = place % (bytes.length + 1);
      const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
      if (change === 'cut') bytes = before;
      else if (change === 'drop') bytes = Buffer.concat([before, after.subarray(1)]);
      else bytes = Buffer.concat([before, Buffer.from([value]), change === 'insert' ? after : after.subarray(1)]);
    }
    return bytes;
  });
const bodies = fc.oneof(
  { arbitrary: requests.map((text) => Buffer.from(text)), weight: 8 },
  batches.map((text) => Buffer.from(text)),
  mutated,
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  fc.json().map((text) => Buffer.from(text)),
);

const TYPES = [
  'application/json',
  'application/json; charset=utf-8',
  'application/json;charset=utf-16',
  'application/json; charset="',
  'text/plain',
  'multipart/form-data; boundary=x',
  'application/graphql',
  ';;;',
];
const ACCEPTS = [
  '*/*',
  'application/json',
  'application/graphql-response+json',
  'text/event-stream',
  'multipart/mixed;deferSpec=20220824',
  'multipart/mixed;boundary="a,b";subscriptionSpec="1.0", application/json;q=0.1',
  'text/html',
  'application/json;q=0',
  'application/json;q=NaN, */*;q=-1',
  '"";;,,=q',
];
const headerValue = fc.string({ unit: fc.constantFrom(...'abcXYZ019 \t-_;,="*/.()<>@{}[]?:\\\'éÿ'), maxLength: 60 });
const oddHeaders: Record<string, fc.Arbitrary<string>> = {
  'content-type': fc.oneof(fc.constantFrom(...TYPES), headerValue),
  accept: fc.oneof({ arbitrary: fc.constantFrom(...ACCEPTS), weight: 3 }, headerValue),
  'accept-encoding': fc.oneof(fc.constantFrom('gzip', 'br', '*;q=0.1', 'gzip;q=x'), headerValue),
  authorization: fc.oneof(fc.constantFrom('', 'Bearer dev-viewer', 'Bearer a.b.c'), headerValue),
  origin: fc.oneof(fc.constantFrom('null', 'http://localhost:3000', 'https://evil.example'), headerValue),
  'sec-fetch-site': fc.constantFrom('cross-site', 'same-origin', ''),
  'x-mesh-budget-usd': fc.constantFrom('0.01', '-1', '1e9', ''),
  'x-mesh-deadline-ms': fc.constantFrom('1000', '0', '99999999999999999999', 'soon'),
  'x-mesh-after': headerValue,
  traceparent: fc.oneof(fc.constant('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'), headerValue),
  'x-graphql-event-stream-token': headerValue,
  'content-encoding': fc.constantFrom('gzip', 'identity', ''),
  expect: fc.constantFrom('100-continue', 'else'),
};
/** Mostly one odd header at a time, or none: two already hide one another. */
const headers = fc
  .array(
    fc
      .constantFrom(...Object.keys(oddHeaders))
      .chain((name) => oddHeaders[name]!.map((value): [string, string] => [name, value])),
    { maxLength: 2 },
  )
  .map((odd) => ({ 'content-type': 'application/json', authorization: 'Bearer dev-admin', ...Object.fromEntries(odd) }));
const methods = fc.oneof(
  { arbitrary: fc.constant('POST'), weight: 5 },
  fc.constantFrom('GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'),
);
const searches = fc.oneof(
  { arbitrary: fc.constant(''), weight: 4 },
  fc
    .tuple(queries, variables)
    .map(([query, json]) => `?${new URLSearchParams({ query, variables: json.slice(0, 4_000) })}`.slice(0, 9_000)),
  fc.string({ unit: fc.constantFrom(...'%&=?+abc0123456789EFCquery{}/.;:@[]'), maxLength: 80 }).map((text) => `?${text}`),
);

function toBytes(
  method: string,
  search: string,
  given: Record<string, string | undefined>,
  body: Buffer,
  more: string[],
): Buffer {
  const lines = Object.entries(given).map(([name, value]) => `${name}: ${value}`);
  const head = [`${method} /graphql${search} HTTP/1.1`, 'host: 127.0.0.1', ...lines, ...more].join('\r\n');
  return Buffer.concat([Buffer.from(`${head}\r\n\r\n`, 'latin1'), body]);
}

describe.each([
  [
    'the mesh',
    () => startTestGateway({ resolvers: { Query: { agent: (_: unknown, { id }: { id: string }) => ({ id, name: id }) } } }),
  ],
  ['a supergraph of others', () => startShopGateway()],
])('whatever comes in over HTTP, %s', (_, start) => {
  let gateway: TestGateway;
  let port: number;
  const sockets = (): number => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
  let before: number;

  beforeAll(async () => {
    gateway = await start();
    port = Number(new URL(gateway.url).port);
    before = sockets();
  });
  afterAll(() => gateway.close());

  const good = async () => {
    const body = Buffer.from('{"query":"{ __typename }"}');
    const bytes = toBytes('POST', '', { 'content-type': 'application/json' }, body, [
      `content-length: ${body.length}`,
      'connection: close',
    ]);
    const answer = await sendRaw(port, bytes, false);
    expect(answer && [answer.status, answer.body.toString()]).toEqual([200, '{"data":{"__typename":"Query"}}']);
  };
  const holds = async (property: fc.IAsyncPropertyWithHooks<unknown>) => {
    gateway.logs.length = 0;
    const run = await fc.check(property as fc.IAsyncProperty<unknown>, { seed, numRuns, endOnFailure: true });
    if (run.failed) throw new Error(`Run ${run.numRuns} failed: ${shown(run.counterexample)}`, { cause: run.errorInstance });
    await good();
    expect(gateway.logs.filter((line) => /"level":(50|60)/.test(line))).toEqual([]);
    await expect.poll(sockets).toBe(before);
  };

  it(`answers it well when it is HTTP (FUZZ_SEED=${seed})`, { timeout: 120_000 }, () =>
    holds(
      fc.asyncProperty(methods, searches, headers, bodies, async (method, search, given, body) => {
        const framing = [`content-length: ${body.length}`, 'connection: close'];
        const answer = await sendRaw(port, toBytes(method, search, given, body, framing), false);
        if (answer === null) throw new Error('there is no answer');
        checkAnswer(answer, method);
      }),
    ),
  );

  const lies = fc.oneof(
    fc.nat(5_000).map((length) => [`content-length: ${length}`]),
    fc.constantFrom(
      [],
      ['content-length: -1'],
      ['content-length: 99999999999999999999'],
      ['content-length: 5', 'content-length: 6'],
      ['content-length: 5', 'transfer-encoding: chunked'],
      ['transfer-encoding: chunked'],
      ['transfer-encoding: gzip, chunked'],
      ['connection: upgrade', 'upgrade: websocket'],
      ['connection: upgrade', 'upgrade: h2c', 'http2-settings: AAA'],
      ['x-long: ' + 'x'.repeat(20_000)],
      Array.from({ length: 3_000 }, (_value, n) => `x-${n}: ${n}`),
      [': nameless'],
      ['bad header: \u0000'],
    ),
  );
  it(`answers or closes when it is not (FUZZ_SEED=${seed})`, { timeout: 120_000 }, () =>
    holds(
      fc.asyncProperty(
        fc.oneof(
          fc.tuple(methods, searches, headers, bodies, lies).map((parts) => toBytes(...parts)),
          fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
          fc.string({ maxLength: 200 }).map((text) => Buffer.from(`GET ${text}\r\n\r\n`)),
        ),
        async (bytes) => {
          const answer = await sendRaw(port, bytes, true);
          if (answer) checkAnswer(answer, null);
        },
      ),
    ),
  );
});

/** As text and not as numbers, and not whole when it is long. */
function shown(counterexample: unknown): string {
  const text = JSON.stringify(counterexample, (_, value: unknown) => {
    const bytes = value as { type?: string; data?: number[] } | null;
    return bytes?.type === 'Buffer' ? Buffer.from(bytes.data!).toString('latin1').slice(0, 2_000) : value;
  });
  return text.slice(0, 4_000);
}

/** `method` null: not known. */
function checkAnswer({ status, headers, body }: RawAnswer, method: string | null): void {
  if (status === 500) throw new Error(`status 500: ${body.toString()}`);
  // Node's own answer to an Expect that it does not know.
  if (status === 417 || status === 204) return;
  const length = headers.get('content-length');
  if (method === 'HEAD' || (method === null && body.length === 0)) return;
  if (length !== undefined && Number(length) !== body.length)
    throw new Error(`${length} bytes were promised, ${body.length} came`);
  const type = headers.get('content-type') ?? '';
  const encoding = headers.get('content-encoding');
  const plain = encoding === 'br' ? brotliDecompressSync(body) : encoding === 'gzip' ? gunzipSync(body) : body;
  const text = new TextDecoder('utf-8', { fatal: true }).decode(plain);
  if (/^application\/(graphql-response\+)?json;/.test(type)) return checkJson(text);
  if (type.startsWith('text/event-stream'))
    return checkJson(/^event: next\ndata: (.*)\n\nevent: complete\ndata:\n\n$/.exec(text)![1]!);
  if (type.startsWith('multipart/mixed')) {
    const parts = text.split('\r\n---').slice(1);
    if (!text.endsWith('\r\n-----\r\n') || parts.at(-1) !== '--\r\n') throw new Error('the parts do not end');
    return parts.slice(0, -1).forEach((part) => checkJson(part.split('\r\n\r\n')[1]!));
  }
  if (!/^text\/(html|plain);/.test(type)) throw new Error(`unexpected type ${type}`);
}

function checkJson(text: string): void {
  for (const result of [JSON.parse(text) as unknown].flat() as Record<string, unknown>[]) {
    const errors = (result['errors'] ?? []) as { message: unknown; extensions?: { code?: string } }[];
    if (errors.length === 0 && !('data' in result) && !('hasNext' in result))
      throw new Error(`neither data nor errors: ${text.slice(0, 200)}`);
    for (const { message, extensions } of errors) {
      const code = extensions?.code ?? '';
      if (typeof message !== 'string' || !(code in ERRORS) || code === 'INTERNAL_SERVER_ERROR')
        throw new Error(text.slice(0, 500));
    }
  }
}
