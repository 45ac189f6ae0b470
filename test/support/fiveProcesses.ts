import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import { SUBGRAPH_NAMES, type SubgraphName } from '../../subgraphs/shared/names.js';
import { startMeshProcess, type MeshProcess } from './meshProcess.js';

export interface FiveProcesses {
  readonly url: string;
  readonly gateway: MeshProcess;
  /** `url` is the GraphQL endpoint, as the subgraph prints it. */
  readonly subgraphs: ReadonlyMap<SubgraphName, MeshProcess & { url: string }>;
  close(): Promise<void>;
}

/** The five subgraphs and a gateway as six processes on a new database of the PostgreSQL server at TEST_DATABASE_URL. */
export async function startFiveProcesses(): Promise<FiveProcesses> {
  const database = await createDatabase();
  const env = { DATABASE_URL: database.url, MESH_INTERNAL_KEY: randomBytes(32).toString('hex') };
  const gatewayPort = await freePort();
  const gatewayUrl = `http://127.0.0.1:${gatewayPort}`;
  const subgraphs = new Map(
    await Promise.all(
      SUBGRAPH_NAMES.map(async (name) => {
        const process = startMeshProcess(['subgraph', name, '--port', '0'], { ...env, MESH_URL: gatewayUrl });
        const [, url] = await process.printed(/ready at (http:\/\/\S+)\s/i);
        return [name, { ...process, url: url! }] as const;
      }),
    ),
  );
  const urls = [...subgraphs].flatMap(([name, { url }]) => ['--subgraph-url', `${name}=${url}`]);
  const gateway = startMeshProcess(['gateway', '--port', String(gatewayPort), ...urls], env);
  await gateway.printed(/ready at/i);
  const apply = startMeshProcess(['apply', 'deploy/demo/mesh.yaml'], { MESH_URL: gatewayUrl, MESH_TOKEN: 'dev-admin' });
  if ((await apply.exited()) !== 0) throw new Error(apply.output());
  return {
    url: gatewayUrl,
    gateway,
    subgraphs,
    close: async () => {
      await gateway.stop();
      await Promise.all([...subgraphs.values()].map((subgraph) => subgraph.stop()));
      await database.drop();
    },
  };
}

/** A database of its own on the test server. */
export async function createDatabase(): Promise<{ url: string; drop(): Promise<void> }> {
  const server = process.env['TEST_DATABASE_URL'];
  if (!server) throw new Error('TEST_DATABASE_URL is not set: `deploy/local/postgres.sh up` starts a server and prints it');
  const name = `mesh_${randomBytes(6).toString('hex')}`;
  await onServer(server, `create database ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => onServer(server, `drop database ${name} with (force)`) };
}

async function onServer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(statement).finally(() => client.end());
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
