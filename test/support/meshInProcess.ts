import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Cache } from '../../gateway/cache/Cache.js';
import { createMeshClient } from '../../gateway/apply/meshClient.js';
import { runApply } from '../../gateway/apply/runApply.js';
import { DEFINITIONS } from '../../gateway/cli/definitions.js';
import { createControl } from '../../gateway/createControl.js';
import { inProcessClient } from '../../gateway/fetch/inProcessClient.js';
import { createGateway, type Gateway } from '../../gateway/gateway.js';
import type { Control } from '../../gateway/pipeline/Serving.js';
import { createSubgraph } from '../../subgraphs/shared/createSubgraph.js';
import { openPglite } from '../../subgraphs/shared/database/openPglite.js';
import { openTableEventLog } from '../../subgraphs/shared/eventlog/tableEventLog.js';
import { SUBGRAPH_NAMES } from '../../subgraphs/shared/names.js';
import { packageRoot } from '../../subgraphs/shared/packageRoot.js';

export interface MeshGateway {
  readonly gateway: Gateway;
  readonly url: string;
  /** What this gateway knows of the catalog. */
  readonly generations: Control['generations'];
  /** How many requests it has sent to a subgraph. */
  requests(subgraph: string): number;
  close(): Promise<void>;
}

const DEMO = 'deploy/demo/mesh.yaml';

/** The five subgraphs on a database in memory, and as many gateways over them as a test wants, each with the cache that it is given. */
export async function openMesh() {
  const clock = Date.now;
  const log = pino({ level: 'silent' });
  const internalKey = randomBytes(32);
  const database = await openPglite({ dataDir: null });
  const eventLog = await openTableEventLog(database, { clock, log });
  let first: Gateway | undefined;
  const reroute: Gateway['reroute'] = async (request) => first!.reroute(request);
  const askMesh: Gateway['askMesh'] = async (...args) => first!.askMesh(...args);
  const subgraphs: Awaited<ReturnType<typeof createSubgraph>>[] = [];
  for (const name of SUBGRAPH_NAMES)
    subgraphs.push(await createSubgraph(DEFINITIONS[name], { database, eventLog, clock, internalKey, log, reroute, askMesh }));
  const sdl = readFileSync(join(packageRoot, 'schema/supergraph.graphql'), 'utf8');

  const openGateway = async (cache: Cache | null, now: () => number = clock): Promise<MeshGateway> => {
    let control: Control | undefined;
    const counts = new Map<string, number>();
    const clients = new Map(
      subgraphs.map((subgraph) => {
        const { request, close } = inProcessClient(subgraph);
        const counted: typeof request = (...args) => {
          counts.set(subgraph.name, (counts.get(subgraph.name) ?? 0) + 1);
          return request(...args);
        };
        return [subgraph.name as string, { request: counted, close }];
      }),
    );
    const gateway = await createGateway({
      source: { sdl, clients },
      eventLog,
      cache,
      config: { host: '127.0.0.1', port: 0, auth: { devTokens: true, jwt: null }, consoleFolder: '/nowhere' },
      internalKey,
      clock: now,
      randomHex: (bytes) => randomBytes(bytes).toString('hex'),
      log,
      createControl: (parts) => (control = createControl(parts, { internalKey, clock: now, log })),
    });
    first ??= gateway;
    const { url } = await gateway.listen();
    await gateway.ready();
    const { generations } = control!;
    return { gateway, url, generations, requests: (name) => counts.get(name) ?? 0, close: () => gateway.close() };
  };

  return {
    openGateway,
    database,
    eventLog,
    /** Brings up the demo fleet, or that of another mesh file, through a gateway. */
    apply: async (url: string, text = readFileSync(join(packageRoot, DEMO), 'utf8')) => {
      const client = createMeshClient({ url, token: 'dev-admin' });
      await runApply({ text, fileName: DEMO, client, dryRun: false, print: () => undefined });
    },
    settled: async () => {
      for (const subgraph of subgraphs) await subgraph.settled();
    },
    close: async () => {
      for (const subgraph of subgraphs.toReversed()) await subgraph.close();
      await eventLog.close();
      await database.close();
    },
  };
}
