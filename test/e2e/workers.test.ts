import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import { Agent, createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ask, begin, textOf } from '../support/askFresh.js';
import { gatewayUrl, startMeshProcess, withFolder, type MeshProcess } from '../support/meshProcess.js';
import { withServedShop } from '../support/serveShop.js';
import { replaceFile, withAndWithoutText } from '../support/supergraphFile.js';

const NAME = { query: '{ me { name } }' };
const ADA = '{"data":{"me":{"name":"Ada"}}}';
const TOKEN = 'x-graphql-event-stream-token';

/** Both workers serve, with the supergraph in `file`. Their sockets are in `sockets`. */
interface Cluster extends MeshProcess {
  readonly url: string;
  readonly file: string;
  readonly sockets: string;
  /** Resolves to the process id of the `nth` (from 0) that has served as this worker. */
  pid(worker: number, nth?: number): Promise<number>;
}

function withCluster(work: (mesh: Cluster) => Promise<void>, args: readonly string[] = []): Promise<void> {
  return withServedShop(({ supergraphSdl }, folder) =>
    withFolder(async (sockets) => {
      const file = join(folder, 'supergraph.graphql');
      await writeFile(file, supergraphSdl);
      const given = ['gateway', '--supergraph', file, '--port', '0', '--workers', '2', ...args];
      const mesh = startMeshProcess(given, { TMPDIR: sockets });
      const pid = async (worker: number, nth = 0): Promise<number> => {
        const line = `"worker":${worker},"pid":(\\d+),"msg":"a worker serves"`;
        const [, found] = await mesh.printed(new RegExp(`(?:${line.replace('(\\d+)', '\\d+')}[^]*?){${nth}}${line}`));
        return Number(found);
      };
      try {
        await work({ ...mesh, url: await gatewayUrl(mesh), file, sockets, pid });
      } finally {
        await mesh.stop('SIGKILL');
      }
    }),
  );
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** The worker that has reserved a stream. */
const workerOf = (token: string): number => Number(token.split('.')[0]);

async function metric(url: string, name: string): Promise<number> {
  const { text } = await ask(url, { method: 'GET', path: '/metrics' });
  const lines = text.split('\n').filter((line) => line.startsWith(name));
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

it('is answered by every worker, whose metrics add up wherever they are asked for', async () => {
  await withCluster(async ({ url, stop }) => {
    const workers = new Set<number>();
    for (let asked = 0; asked < 10; asked++) {
      expect(await ask(url, { body: NAME })).toEqual({ status: 200, text: ADA });
      // An odd number of requests in all: connections go to the workers in turns.
      for (let reserved = 0; reserved < 2; reserved++) {
        const { status, text } = await ask(url, { method: 'PUT' });
        expect(status).toBe(201);
        workers.add(workerOf(text));
      }
    }
    expect(workers).toEqual(new Set([1, 2]));
    for (let scraped = 0; scraped < 4; scraped++) {
      expect(await metric(url, 'mesh_operations_total{kind="query"')).toBe(10);
      expect(await metric(url, 'mesh_operation_duration_seconds_count')).toBe(10);
      expect(await metric(url, 'mesh_operation_duration_seconds_bucket{kind="query",le="+Inf"}')).toBe(10);
      expect(await metric(url, 'mesh_workers')).toBe(2);
    }
    expect(await stop()).toBe(0);
  });
});

it('is sent the text of a persisted query once for each worker, by clients that do as the protocol says', async () => {
  await withCluster(async ({ url, stop }) => {
    const sha256Hash = createHash('sha256').update(NAME.query).digest('hex');
    const extensions = { persistedQuery: { version: 1, sha256Hash } };
    let missed = 0;
    for (let asked = 0; asked < 8; asked++) {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      let { text } = await ask(url, { agent, body: { extensions } });
      if (text.includes('PERSISTED_QUERY_NOT_FOUND')) {
        missed++;
        text = (await ask(url, { agent, body: { ...NAME, extensions } })).text;
      }
      expect(text).toBe(ADA);
      agent.destroy();
    }
    expect(missed).toBe(2);
    expect(await stop()).toBe(0);
  });
});

it('takes the operations of one event stream at every worker, and counts each once', async () => {
  await withCluster(async ({ url, stop }) => {
    for (let reserved = 0; reserved < 3; reserved++) {
      const { text: token } = await ask(url, { method: 'PUT' });
      const headers = { [TOKEN]: token };
      const { response, request } = await begin(url, { method: 'GET', headers: { ...headers, accept: 'text/event-stream' } });
      expect([response.statusCode, response.headers['content-type']]).toEqual([200, 'text/event-stream; charset=utf-8']);
      expect((await ask(url, { method: 'GET', headers: { ...headers, accept: 'text/event-stream' } })).status).toBe(409);
      for (let id = 0; id < 6; id++) {
        const body = { ...NAME, extensions: { operationId: `o${id}` } };
        expect(await ask(url, { headers, body })).toEqual({ status: 202, text: '' });
      }
      let seen = '';
      for await (const chunk of response.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
        seen += String(chunk);
        if (seen.split('event: complete').length > 6) break;
      }
      for (let id = 0; id < 6; id++) expect(seen).toContain(`{"id":"o${id}","payload":${ADA}}`);
      expect((await ask(url, { method: 'DELETE', path: '/graphql?operationId=o1', headers })).status).toBe(200);
      const stranger = { ...headers, authorization: 'Bearer dev-viewer' };
      expect((await ask(url, { body: { ...NAME, extensions: { operationId: 'x' } }, headers: stranger })).status).toBe(404);
      request.destroy();
      // The worker that has the stream hears that the client is gone, whoever has the connection.
      await expect
        .poll(async () => (await ask(url, { method: 'DELETE', path: '/graphql?operationId=a', headers })).status)
        .toBe(404);
    }
    for (const token of ['3.aa', '0.aa', 'aa', '1.aa', '2.aa'])
      expect(await ask(url, { method: 'GET', headers: { [TOKEN]: token } })).toMatchObject({ status: 404 });
    expect(await metric(url, 'mesh_http_requests_total{method="PUT"')).toBe(3);
    expect(await metric(url, 'mesh_http_requests_total{method="POST"')).toBe(3 * 7);
    expect(await stop()).toBe(0);
  });
});

it('replaces a worker that is killed, while the others answer on, and forgets nothing that was counted', async () => {
  await withCluster(async ({ url, stop, pid }) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const { text: kept } = await ask(url, { method: 'PUT', agent });
    const survivor = workerOf(kept);
    const victim = 3 - survivor;
    let lost = '';
    while (workerOf(lost) !== victim) lost = (await ask(url, { method: 'PUT' })).text;
    for (let asked = 0; asked < 10; asked++) await ask(url, { body: NAME });
    const before = await metric(url, 'mesh_operations_total{kind="query"');
    expect(before).toBe(10);

    let isReplaced = false;
    let answered = 0;
    process.kill(await pid(victim), 'SIGKILL');
    const replaced = pid(victim, 1).finally(() => (isReplaced = true));
    while (!isReplaced) {
      expect(await ask(url, { body: NAME, agent })).toEqual({ status: 200, text: ADA });
      answered++;
    }
    expect(isAlive(await replaced)).toBe(true);
    expect(answered).toBeGreaterThan(0);
    const reserved = await Promise.all(Array.from({ length: 8 }, () => ask(url, { method: 'PUT' })));
    expect(new Set(reserved.map(({ text }) => workerOf(text)))).toEqual(new Set([1, 2]));
    // The number is served again, the stream is gone.
    expect((await ask(url, { method: 'GET', headers: { [TOKEN]: lost } })).status).toBe(404);
    expect(await metric(url, 'mesh_operations_total{kind="query"')).toBe(before + answered);
    expect(await metric(url, 'mesh_worker_exits_total')).toBe(1);
    agent.destroy();
    expect(await stop()).toBe(0);
  });
});

it('is back on its port when all workers die at once', async () => {
  await withCluster(async ({ url, stop, pid }) => {
    for (const worker of [1, 2]) process.kill(await pid(worker), 'SIGKILL');
    await Promise.all([pid(1, 1), pid(2, 1)]);
    for (let asked = 0; asked < 4; asked++) expect(await ask(url, { body: NAME })).toEqual({ status: 200, text: ADA });
    expect(await stop()).toBe(0);
  });
});

it('answers what is on the way when it is told to end, ends its streams, and leaves no process and no file', async () => {
  const held: ServerResponse[] = [];
  const slow = createServer((_, response) => void held.push(response)).listen(0, '127.0.0.1');
  await once(slow, 'listening');
  const address = `http://127.0.0.1:${(slow.address() as AddressInfo).port}/graphql`;
  await withCluster(
    async ({ url, sockets, pid, child, exited, printed }) => {
      const pids = [await pid(1), await pid(2)];
      const answers = Array.from({ length: 4 }, () => ask(url, { body: NAME }));
      const streams = await Promise.all(
        Array.from({ length: 4 }, async () => {
          const { text: token } = await ask(url, { method: 'PUT' });
          return (await begin(url, { method: 'GET', headers: { [TOKEN]: token, accept: 'text/event-stream' } })).response;
        }),
      );
      await expect.poll(() => held.length).toBeGreaterThanOrEqual(2);
      // As Ctrl-C does it, which all processes of a terminal hear.
      for (const each of pids) process.kill(each, 'SIGINT');
      child.kill('SIGINT');
      await printed(/closing/);
      for (const response of held) response.end('{"data":{"me":{"name":"Ada"}}}');
      for (const answer of answers) expect(await answer).toEqual({ status: 200, text: ADA });
      for (const stream of streams) await textOf(stream).catch(() => undefined);
      expect(await exited()).toBe(0);
      expect(pids.map(isAlive)).toEqual([false, false]);
      expect(await readdir(sockets)).toEqual([]);
    },
    ['--subgraph-url', `users=${address}`],
  );
  slow.closeAllConnections();
  slow.close();
});

it('leaves no worker behind when it is killed itself', async () => {
  await withCluster(async ({ url, stop }) => {
    // Resolves when nobody has its output open any more, and the workers have.
    expect(await stop('SIGKILL')).toBe(null);
    await expect(ask(url, { body: NAME })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

it('exchanges the supergraph in every worker, in none when it is broken, and starts a new worker with the one that is served', async () => {
  await withCluster(async ({ url, file, stop, pid, printed, output, child }) => {
    const seen = async (query: string): Promise<number[]> => {
      const answers = await Promise.all(Array.from({ length: 6 }, () => ask(url, { body: { query } })));
      return [...new Set(answers.map(({ status }) => status))];
    };
    const pids = [await pid(1), await pid(2)];
    const { whole, without } = await withAndWithoutText(file);
    const before = '{ latest { id text } }';
    expect(await seen(before)).toEqual([200]);
    await replaceFile(file, without);
    await printed(/is served from now on/);
    expect(await seen(before)).toEqual([400]);
    await replaceFile(file, whole.slice(0, 1_000));
    await printed(/"code":"INVALID_SUPERGRAPH".*cannot be served; the old one goes on/);
    expect(output().match(/cannot be served/g)).toHaveLength(1);
    process.kill(pids[0]!, 'SIGKILL');
    await pid(1, 1);
    expect(await seen(before)).toEqual([400]);
    expect(await seen('{ latest { id } }')).toEqual([200]);
    await replaceFile(file, whole);
    await printed(/(is served from now on[^]*){2}/);
    expect(await seen(before)).toEqual([200]);
    child.kill('SIGHUP');
    await printed(/(is served from now on[^]*){3}/);
    expect(isAlive(pids[1]!)).toBe(true);
    expect(await stop()).toBe(0);
  });
});

it('says once, as without workers, why it cannot start', async () => {
  await withServedShop(async ({ supergraphSdl }, folder) => {
    const whole = join(folder, 'whole.graphql');
    await writeFile(whole, supergraphSdl);
    const broken = join(folder, 'broken.graphql');
    await writeFile(broken, 'type Query { a: Int }');
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const port = String((taken.address() as AddressInfo).port);
    const cases: [string[], RegExp][] = [
      [['--supergraph', broken, '--port', '0'], /^INVALID_SUPERGRAPH: .*\n$/],
      [['--supergraph', join(folder, 'nothing'), '--port', '0'], /^INVALID_SUPERGRAPH: .*\n$/],
      [['--supergraph', whole, '--port', port], new RegExp(`^PORT_IN_USE: Port ${port} .*\n$`)],
      [['--port', '0'], /^INVALID_CONFIGURATION: .*MESH_INTERNAL_KEY.*\n$/],
    ];
    for (const [args, expected] of cases) {
      const many = startMeshProcess(['gateway', ...args, '--workers', '2'], { TMPDIR: folder });
      const one = startMeshProcess(['gateway', ...args]);
      expect([await many.exited(), await one.exited()]).toEqual([1, 1]);
      expect(many.output()).toMatch(expected);
      expect(many.output()).toBe(one.output());
    }
    taken.close();
    const alone = startMeshProcess(['gateway-worker']);
    expect(await alone.exited()).toBe(1);
    expect(alone.output()).toMatch(/^INVALID_CONFIGURATION: .*--workers.*\n$/);
    expect((await readdir(folder)).filter((name) => name.startsWith('mesh-'))).toEqual([]);
  });
});

it('ends with an error when workers die as soon as they start, and takes those along that still live', async () => {
  await withCluster(async ({ pid, exited, output }) => {
    const survivor = await pid(1);
    let ended = false;
    const exit = exited().finally(() => (ended = true));
    for (let nth = 0; !ended && nth < 20; nth++) {
      const next = await Promise.race([pid(2, nth).catch(() => null), exit.then(() => null)]);
      if (next !== null) process.kill(next, 'SIGKILL');
    }
    expect(await exit).toBe(1);
    expect(output()).toMatch(/\nWORKERS_FAILED: 6 workers in a row .*\n$/);
    expect(isAlive(survivor)).toBe(false);
  });
});
