import { readFile, rm, writeFile } from 'node:fs/promises';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { packageRoot } from '../../subgraphs/shared/packageRoot.js';
import { ask } from '../support/askFresh.js';
import { gatewayUrl, startMeshProcess } from '../support/meshProcess.js';
import { withServedShop } from '../support/serveShop.js';
import { replaceFile, withAndWithoutText } from '../support/supergraphFile.js';

const CLIENTS = 8;
const EXCHANGES = 6;
/** Both supergraphs can answer it. */
const KEPT = { query: '{ me { name reviews { id } } }' };
/** Only one of them can. */
const ADDED = { query: '{ latest { id text } }' };

// `npx vitest run --project e2e test/e2e/reload` prints the figures.
it.each([1, 2])(
  'loses no request while the supergraph is exchanged again and again under load (workers: %i)',
  async (workers) => {
    await withServedShop(async ({ supergraphSdl }, folder) => {
      const file = join(folder, 'supergraph.graphql');
      await writeFile(file, supergraphSdl);
      const { whole, without } = await withAndWithoutText(file);
      await writeFile(file, without);
      const mesh = startMeshProcess(['gateway', '--supergraph', file, '--port', '0', '--workers', String(workers)]);
      const url = await gatewayUrl(mesh);
      const { text: expected, status } = await ask(url, { body: KEPT });
      expect([status, JSON.parse(expected)]).toMatchObject([200, { data: { me: { name: 'Ada' } } }]);
      const hasAdded = async (): Promise<boolean> => {
        // Every worker.
        const answers = await Promise.all(Array.from({ length: 2 * workers }, () => ask(url, { body: ADDED })));
        const states = new Set(answers.map((answer) => answer.status));
        expect(states.size).toBe(1);
        return states.has(200);
      };
      expect(await hasAdded()).toBe(false);

      let isOver = false;
      let answered = 0;
      let slowestMs = 0;
      const failures: unknown[] = [];
      const client = async (): Promise<void> => {
        const agent = new Agent({ keepAlive: true, maxSockets: 1 });
        while (!isOver) {
          const began = performance.now();
          const answer = await ask(url, { body: KEPT, agent }).catch((error: unknown) => error);
          slowestMs = Math.max(slowestMs, performance.now() - began);
          if ((answer as { text?: string }).text === expected) answered++;
          else failures.push(answer);
        }
        agent.destroy();
      };
      const clients = Array.from({ length: CLIENTS }, client);
      const inEach: number[] = [];
      for (let exchange = 1; exchange <= EXCHANGES; exchange++) {
        const before = answered;
        await replaceFile(file, exchange % 2 === 1 ? whole : without);
        await mesh.printed(new RegExp(`(is served from now on[^]*){${exchange}}`));
        expect(await hasAdded()).toBe(exchange % 2 === 1);
        inEach.push(answered - before);
      }
      isOver = true;
      await Promise.all(clients);
      expect(failures).toEqual([]);
      expect(Math.min(...inEach)).toBeGreaterThan(0);
      console.info(
        `${workers} worker(s), ${CLIENTS} clients, ${EXCHANGES} exchanges: ${answered} answered, ${failures.length} failed, the slowest took ${slowestMs.toFixed(0)} ms`,
      );
      expect(await mesh.stop()).toBe(0);
    });
  },
);

it('refuses the supergraph of a mesh in the place of another, and one that is not there, and serves on', async () => {
  await withServedShop(async ({ supergraphSdl }, folder) => {
    const file = join(folder, 'supergraph.graphql');
    await writeFile(file, supergraphSdl);
    const mesh = startMeshProcess(['gateway', '--supergraph', file, '--port', '0']);
    const url = await gatewayUrl(mesh);
    await replaceFile(file, await readFile(join(packageRoot, 'schema/supergraph.graphql'), 'utf8'));
    await mesh.printed(/"code":"INVALID_SUPERGRAPH","reason":"The new supergraph is that of a mesh.*the old one goes on/);
    await rm(file);
    await mesh.printed(/"code":"INVALID_SUPERGRAPH","reason":"ENOENT.*cannot be read; the old one goes on/);
    expect((await ask(url, { body: ADDED })).status).toBe(200);
    const { without } = await writeFile(file, supergraphSdl).then(() => withAndWithoutText(file));
    await replaceFile(file, without);
    await expect.poll(async () => (await ask(url, { body: ADDED })).status).toBe(400);
    expect(await mesh.stop()).toBe(0);
  });
});
