import { readConfig, type ConfigFlags, type MeshConfig } from '../config/readConfig.js';
import { createLogger } from '../telemetry/createLogger.js';
import { startTelemetry } from '../telemetry/startTelemetry.js';
import { applyDemo } from './applyDemo.js';
import { liveUntilStopped } from './lifetime.js';
import { openMesh } from './openMesh.js';
import { probePort } from './probePort.js';

/** `mesh start`: gateway, five subgraphs, database and event log in one process, with the demo fleet on the first run. */
export async function startCommand(flags: ConfigFlags): Promise<void> {
  const startedAt = performance.now();
  const config = readConfig(process.env, flags);
  const log = createLogger();
  // Before anything is written: a start that cannot end well leaves no trace.
  await probePort(config.gateway);
  await liveUntilStopped(log, async (lifetime) => {
    await lifetime.open(
      () => startTelemetry(config.telemetry, 'agent-mesh', log),
      (telemetry) => telemetry.close(),
    );
    const { url } = await openMesh(config, lifetime, log);
    const applied = config.gateway.auth.devTokens ? await applyDemo(url) : null;
    process.stdout.write(welcome(config, url, applied, performance.now() - startedAt));
  });
}

function welcome({ gateway, storage }: MeshConfig, url: string, applied: number | null, tookMs: number): string {
  const database = storage.databaseUrl === null ? `the folder ${storage.dataDir}` : 'PostgreSQL';
  const place = storage.kafka === null ? database : `${database}, events are in Kafka`;
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
