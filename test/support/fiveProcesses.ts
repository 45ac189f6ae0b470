import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { SUBGRAPH_NAMES, type SubgraphName } from '../../subgraphs/shared/names.js';
import { freePort } from './freePort.js';
import { dataOf } from './graphqlClient.js';
import { eventually } from './meshContract.js';
import { startMeshProcess, type MeshProcess } from './meshProcess.js';
import { createKafkaSpace, type KafkaSpace } from './openKafkaLog.js';

export type ServedProcess = MeshProcess & { readonly url: string };

export interface FiveProcesses {
  /** Of the first gateway. */
  readonly url: string;
  readonly gateway: MeshProcess;
  readonly gateways: ServedProcess[];
  /** `url` is the GraphQL endpoint, as the subgraph prints it. */
  readonly subgraphs: Map<SubgraphName, ServedProcess>;
  readonly databaseUrl: string;
  /** Null: events are in the database. */
  readonly space: KafkaSpace | null;
  /** Starts one again where it was, after it has ended. */
  restartSubgraph(name: SubgraphName): Promise<void>;
  restartGateway(index: number): Promise<void>;
  close(): Promise<void>;
}

export interface MeshOptions {
  /** Events in the Kafka at TEST_KAFKA_BROKERS, under names of their own, instead of the database. */
  readonly kafka?: boolean;
  readonly gateways?: number;
  /** Of each gateway. */
  readonly workers?: number;
  /** Of the gateways alone. */
  readonly settings?: Record<string, string>;
  /** Of every process. */
  readonly everywhere?: Record<string, string>;
}

/** The five subgraphs and one or more gateways as processes on a new database of the PostgreSQL server at TEST_DATABASE_URL. */
export async function startFiveProcesses({
  kafka = false,
  gateways: count = 1,
  workers = 1,
  settings = {},
  everywhere = {},
}: MeshOptions = {}): Promise<FiveProcesses> {
  const database = await createDatabase();
  const space = kafka ? createKafkaSpace() : null;
  const env = {
    ...everywhere,
    DATABASE_URL: database.url,
    MESH_INTERNAL_KEY: randomBytes(32).toString('hex'),
    ...(space && { KAFKA_BROKERS: space.brokers.join(','), KAFKA_PREFIX: space.prefix }),
  };
  const ports = await Promise.all(Array.from({ length: count }, freePort));
  const gatewayUrls = ports.map((port) => `http://127.0.0.1:${port}`);

  const startSubgraph = async (name: SubgraphName, port: string): Promise<void> => {
    const process = startMeshProcess(['subgraph', name, '--port', port], { ...env, MESH_URL: gatewayUrls[0]! });
    const [, url] = await process.printed(/ready at (http:\/\/\S+)\s/i);
    subgraphs.set(name, { ...process, url: url! });
  };
  const startGateway = async (index: number): Promise<void> => {
    const urls = [...subgraphs].flatMap(([name, { url }]) => ['--subgraph-url', `${name}=${url}`]);
    const args = ['gateway', '--port', String(ports[index]), '--workers', String(workers), ...urls];
    const process = startMeshProcess(args, { ...env, ...settings });
    await process.printed(/ready at/i);
    gateways[index] = { ...process, url: gatewayUrls[index]! };
  };

  const subgraphs = new Map<SubgraphName, ServedProcess>();
  const gateways: ServedProcess[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(gateways.map((gateway) => gateway.stop()));
    await Promise.all([...subgraphs.values()].map((subgraph) => subgraph.stop()));
    await database.drop();
    await space?.drop();
  };
  try {
    await Promise.all(SUBGRAPH_NAMES.map((name) => startSubgraph(name, '0')));
    await Promise.all(ports.map((_, index) => startGateway(index)));
    const apply = startMeshProcess(['apply', 'deploy/demo/mesh.yaml'], { MESH_URL: gatewayUrls[0]!, MESH_TOKEN: 'dev-admin' });
    if ((await apply.exited()) !== 0) throw new Error(apply.output());
    await Promise.all(gatewayUrls.map(knowsTheFleet));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    url: gatewayUrls[0]!,
    gateway: gateways[0]!,
    gateways,
    subgraphs,
    databaseUrl: database.url,
    space,
    restartSubgraph: (name) => startSubgraph(name, new URL(subgraphs.get(name)!.url).port),
    restartGateway: startGateway,
    close,
  };
}

/** What was applied reaches a gateway by event. */
async function knowsTheFleet(url: string): Promise<void> {
  for (const taskClass of ['math.arithmetic', 'docs.question']) {
    await eventually(
      () =>
        dataOf<{ routePreview: { agent: object | null } }>(
          url,
          `query ($taskClass: String!) { routePreview(input: { taskClass: $taskClass, prompt: "1" }) { agent { id } } }`,
          { taskClass },
        ),
      ({ routePreview }) => routePreview.agent !== null,
    );
  }
}

/** A database of its own on the test server. */
export async function createDatabase(): Promise<{ url: string; drop(): Promise<void> }> {
  const server = process.env['TEST_DATABASE_URL'];
  if (!server) throw new Error('TEST_DATABASE_URL is not set: eval "$(deploy/local/services.sh up)" starts a server and sets it');
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
