import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createSubgraph } from '../../subgraphs/shared/createSubgraph.js';
import { SUBGRAPH_NAMES } from '../../subgraphs/shared/names.js';
import { packageRoot } from '../../subgraphs/shared/packageRoot.js';
import type { Reroute, Subgraph } from '../../subgraphs/shared/Subgraph.js';
import { readConfig, type ConfigFlags, type MeshConfig } from '../config/readConfig.js';
import { createControl } from '../createControl.js';
import { MeshError } from '../errors.js';
import { inProcessClient } from '../fetch/inProcessClient.js';
import { createGateway, type Gateway } from '../gateway.js';
import { createLogger } from '../telemetry/createLogger.js';
import { applyDemo } from './applyDemo.js';
import { DEFINITIONS } from './definitions.js';
import { liveUntilStopped } from './lifetime.js';
import { openStorage } from './storage.js';

/** `mesh start`: gateway, five subgraphs, database and event log in one process, with the demo fleet on the first run. */
export async function startCommand(flags: ConfigFlags): Promise<void> {
  const startedAt = performance.now();
  const config = readConfig(process.env, flags);
  const log = createLogger();
  await refuseTakenPort(config.gateway);
  await liveUntilStopped(log, async (lifetime) => {
    const { database, eventLog } = await openStorage(config.storage, lifetime, log);
    const internalKey = config.internalKey ?? randomBytes(32);
    const clock = Date.now;
    const late: { gateway?: Gateway } = {};
    const reroute: Reroute = async (request) => late.gateway!.reroute(request);
    const resources = { database, eventLog, clock, internalKey, log, reroute, ...config.outbound };
    const subgraphs: Subgraph[] = [];
    for (const name of SUBGRAPH_NAMES) {
      subgraphs.push(
        await lifetime.open(
          () => createSubgraph(DEFINITIONS[name], resources),
          (subgraph) => subgraph.close(),
        ),
      );
    }
    const gateway = await lifetime.open(
      async () =>
        createGateway({
          source: {
            sdl: await readFile(join(packageRoot, 'schema/supergraph.graphql'), 'utf8'),
            clients: new Map(subgraphs.map((subgraph) => [subgraph.name as string, inProcessClient(subgraph)])),
          },
          eventLog,
          config: config.gateway,
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
    const applied = config.gateway.auth.devTokens ? await applyDemo(url) : null;
    process.stdout.write(welcome(config, url, applied, performance.now() - startedAt));
  });
}

/** Before anything is written: a start that cannot end well leaves no trace. */
async function refuseTakenPort({ host, port }: MeshConfig['gateway']): Promise<void> {
  if (port === 0) return;
  const probe = createServer().listen(port, host);
  await once(probe, 'listening').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'EADDRINUSE')
      throw new MeshError('PORT_IN_USE', `Port ${port} on ${host} is taken. Stop what listens there, or set PORT or --port.`, {
        cause,
      });
    throw new MeshError('INVALID_CONFIGURATION', `The gateway cannot listen on HOST ${host}, PORT ${port}: ${cause.message}`, {
      cause,
    });
  });
  probe.close();
  await once(probe, 'close');
}

function welcome({ gateway, storage }: MeshConfig, url: string, applied: number | null, tookMs: number): string {
  const place = storage.databaseUrl === null ? `the folder ${storage.dataDir}` : 'PostgreSQL';
  const lines = [
    ...(applied ? [`The demo fleet was set up: ${applied} entries of deploy/demo/mesh.yaml.`] : []),
    `The mesh is ready at ${url} after ${(tookMs / 1000).toFixed(1)} s. Data is in ${place}.`,
    '',
    `  In a browser   ${url}/graphiql`,
    `  In a client    ${url}/graphql   (POST, and WebSocket for subscriptions)`,
    ...(gateway.auth.devTokens
      ? [
          '  As whom        Authorization: Bearer dev-admin',
          '',
          '  Try            { ask(input: {taskClass: "docs.question", prompt: "What does NO_ROUTE mean?"}) { text costUsd agent { name } } }',
        ]
      : []),
    '',
    '  Ctrl-C ends it.',
  ];
  return `${lines.join('\n')}\n`;
}
