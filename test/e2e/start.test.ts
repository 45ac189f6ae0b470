import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { dataOf } from '../support/graphqlClient.js';
import { startMeshProcess, startWholeMesh, withFolder } from '../support/meshProcess.js';

it('starts on nothing, says where to go, and applies the demo fleet once', async () => {
  await withFolder(async (folder) => {
    const first = await startWholeMesh(folder);
    expect(first.output()).toContain(`${first.url}/graphiql`);
    expect(first.output()).toMatch(/demo fleet/i);
    expect((await fetch(`${first.url}/readyz`)).status).toBe(200);
    expect(await (await fetch(`${first.url}/graphiql/`)).text()).toContain('GraphiQL');
    expect(await first.stop()).toBe(0);

    const second = await startWholeMesh(folder);
    expect(second.output()).not.toMatch(/demo fleet/i);
    expect(await dataOf(second.url, `{ agents { totalCount } }`)).toEqual({ agents: { totalCount: 8 } });
    expect(await second.stop()).toBe(0);
  });
});

it('refuses a data directory that another mesh has open, and harms nothing', async () => {
  await withFolder(async (folder) => {
    const first = await startWholeMesh(folder);
    const second = startMeshProcess(['start'], { PORT: '0', MESH_DATA_DIR: folder });
    expect(await second.exited()).toBe(1);
    expect(second.output()).toMatch(/DATA_DIR_IN_USE/);
    expect(second.output()).toContain(String(first.child.pid));
    expect(await dataOf(first.url, `{ agents { totalCount } }`)).toEqual({ agents: { totalCount: 8 } });
    expect(await first.stop()).toBe(0);
    const third = await startWholeMesh(folder);
    expect(await third.stop()).toBe(0);
  });
});

it('refuses a data directory that is a file', async () => {
  await withFolder(async (folder) => {
    const file = join(folder, 'file');
    await writeFile(file, 'precious');
    const mesh = startMeshProcess(['start'], { PORT: '0', MESH_DATA_DIR: file });
    expect(await mesh.exited()).toBe(1);
    expect(mesh.output()).toMatch(/DATA_DIR_UNUSABLE/);
    expect(mesh.output()).toContain('MESH_DATA_DIR');
  });
});

it('refuses a port that is taken, before it writes anything', async () => {
  await withFolder(async (folder) => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const dataDir = join(folder, 'data');
    await mkdir(dataDir);
    const mesh = startMeshProcess(['start'], { PORT: String(port), MESH_DATA_DIR: dataDir });
    expect(await mesh.exited()).toBe(1);
    expect(mesh.output()).toMatch(/PORT_IN_USE/);
    expect(mesh.output()).toContain(String(port));
    expect(await readdir(dataDir)).toEqual([]);
    taken.close();
  });
});

it('reports every wrong setting at once, and no secret', async () => {
  const mesh = startMeshProcess(['start'], { PORT: 'eighty', MESH_INTERNAL_KEY: 'hunter2', MESH_JWKS_URL: 'not a url' });
  expect(await mesh.exited()).toBe(1);
  expect(mesh.output()).toMatch(/INVALID_CONFIGURATION/);
  for (const name of ['PORT', 'MESH_INTERNAL_KEY', 'MESH_JWKS_URL']) expect(mesh.output()).toContain(name);
  expect(mesh.output()).not.toContain('hunter2');
});

it('applies a mesh file twice with nothing left to change, and a broken one not at all', async () => {
  await withFolder(async (folder) => {
    const mesh = await startWholeMesh(folder);
    const env = { MESH_URL: mesh.url, MESH_TOKEN: 'dev-admin' };
    const again = startMeshProcess(['apply', 'deploy/demo/mesh.yaml'], env);
    expect(await again.exited()).toBe(0);
    expect(again.output()).toMatch(/nothing to change/i);

    const file = join(folder, 'mesh.yaml');
    await writeFile(file, 'mesh: v1\nbudgets:\n  - { id: fresh, scope: "tenant:demo", limitUsd: "9", period: WEEK }\n');
    const broken = startMeshProcess(['apply', file], env);
    expect(await broken.exited()).toBe(1);
    expect(broken.output()).toContain(`${file}:3:55: budgets.0.period`);
    expect(await dataOf(mesh.url, `{ budget(id: "fresh") { id } }`)).toEqual({ budget: null });

    await writeFile(file, 'mesh: v1\nbudgets:\n  - { id: fresh, scope: "tenant:demo", limitUsd: "9", period: HOUR }\n');
    const dry = startMeshProcess(['apply', file, '--dry-run'], env);
    expect(await dry.exited()).toBe(0);
    expect(dry.output()).toMatch(/\+ budget fresh/);
    expect(await dataOf(mesh.url, `{ budget(id: "fresh") { id } }`)).toEqual({ budget: null });
    expect(await startMeshProcess(['apply', file], env).exited()).toBe(0);
    expect(await dataOf(mesh.url, `{ budget(id: "fresh") { limitUsd } }`)).toEqual({ budget: { limitUsd: '9' } });
    expect(await mesh.stop()).toBe(0);
  });
});
