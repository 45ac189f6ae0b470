import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import { createMeshClient } from '../../gateway/apply/meshClient.js';
import { runApply } from '../../gateway/apply/runApply.js';
import { DEFINITIONS } from '../../gateway/cli/definitions.js';
import { createLifetime } from '../../gateway/cli/lifetime.js';
import { createControl } from '../../gateway/createControl.js';
import { inProcessClient } from '../../gateway/fetch/inProcessClient.js';
import { createGateway, type Gateway } from '../../gateway/gateway.js';
import { createSubgraph } from '../../subgraphs/shared/createSubgraph.js';
import { openPglite } from '../../subgraphs/shared/database/openPglite.js';
import { openTableEventLog } from '../../subgraphs/shared/eventlog/tableEventLog.js';
import { SUBGRAPH_NAMES } from '../../subgraphs/shared/names.js';
import { packageRoot } from '../../subgraphs/shared/packageRoot.js';
import type { Subgraph } from '../../subgraphs/shared/Subgraph.js';

/** The whole mesh inside the test, with a database in memory and the fleet of a mesh file: modules can be replaced, unlike in a process. */
export async function openWholeMesh(meshFile: string) {
  const lifetime = createLifetime();
  const clock = Date.now;
  const log = pino({ level: 'silent' });
  const internalKey = randomBytes(32);
  const database = await lifetime.open(
    () => openPglite({ dataDir: null }),
    (opened) => opened.close(),
  );
  const eventLog = await lifetime.open(
    () => openTableEventLog(database, { clock, log }),
    (opened) => opened.close(),
  );
  const late: { gateway?: Gateway } = {};
  const resources = {
    database,
    eventLog,
    clock,
    log,
    internalKey,
    reroute: ((request) => late.gateway!.reroute(request)) satisfies Gateway['reroute'],
    askMesh: ((...args) => late.gateway!.askMesh(...args)) satisfies Gateway['askMesh'],
  };
  const subgraphs: Subgraph[] = [];
  for (const name of SUBGRAPH_NAMES)
    subgraphs.push(
      await lifetime.open(
        () => createSubgraph(DEFINITIONS[name], resources),
        (opened) => opened.close(),
      ),
    );
  const gateway = await lifetime.open(
    () =>
      createGateway({
        source: {
          sdl: readFileSync(join(packageRoot, 'schema/supergraph.graphql'), 'utf8'),
          clients: new Map(subgraphs.map((subgraph) => [subgraph.name as string, inProcessClient(subgraph)])),
        },
        eventLog,
        cache: null,
        config: { host: '127.0.0.1', port: 0, auth: { devTokens: true, jwt: null }, consoleFolder: '/nowhere' },
        internalKey,
        clock,
        randomHex: (bytes) => randomBytes(bytes).toString('hex'),
        log,
        createControl: (parts) => createControl(parts, { internalKey, clock, log }),
      }),
    (opened) => opened.close(),
  );
  late.gateway = gateway;
  const { url } = await gateway.listen();
  await gateway.ready();
  const client = createMeshClient({ url, token: 'dev-admin' });
  await runApply({ text: meshFile, fileName: 'mesh.yaml', client, dryRun: false, print: () => undefined });
  return { url, database, close: () => lifetime.close() };
}
