import { missingKey } from './missingKey.js';
import { createSubgraph } from '../../subgraphs/shared/createSubgraph.js';
import { SUBGRAPH_NAMES, type SubgraphName } from '../../subgraphs/shared/names.js';
import { serveSubgraph } from '../../subgraphs/shared/serveSubgraph.js';
import { readConfig, type ConfigFlags } from '../config/readConfig.js';
import { MeshError } from '../errors.js';
import { createLogger } from '../telemetry/createLogger.js';
import { startTelemetry } from '../telemetry/startTelemetry.js';
import { askMeshOverHttp, rerouteOverHttp } from '../transport/internalCalls.js';
import { DEFINITIONS } from './definitions.js';
import { liveUntilStopped } from './lifetime.js';
import { openStorage } from './storage.js';

/** The ports that schema/supergraph.graphql names. */
export const FIRST_SUBGRAPH_PORT = 4001;

/** `mesh subgraph NAME [--port N]`: one subgraph alone, for a gateway elsewhere. */
export async function subgraphCommand(given: string, flags: ConfigFlags): Promise<void> {
  const name = readName(given);
  const port = flags.port ?? String(FIRST_SUBGRAPH_PORT + SUBGRAPH_NAMES.indexOf(name));
  const config = readConfig(process.env, { ...flags, port });
  const { internalKey } = config;
  if (!internalKey) throw missingKey(`The subgraph ${name}`);
  const log = createLogger();
  const clock = Date.now;
  await liveUntilStopped(log, async (lifetime) => {
    await lifetime.open(
      () => startTelemetry(config.telemetry, `agent-mesh-${name}`, log),
      (telemetry) => telemetry.close(),
    );
    const { database, eventLog } = await openStorage(config.storage, lifetime, log);
    const reroute = rerouteOverHttp(config.meshUrl, { internalKey, clock });
    const askMesh = askMeshOverHttp(config.meshUrl, { internalKey, clock });
    const subgraph = await lifetime.open(
      () =>
        createSubgraph(DEFINITIONS[name], { database, eventLog, clock, internalKey, log, reroute, askMesh, ...config.outbound }),
      (opened) => opened.close(),
    );
    const { host } = config.gateway;
    const server = await lifetime.open(
      () => serveSubgraph(subgraph, { host, port: config.gateway.port, internalKey, clock, log }),
      (opened) => opened.close(),
    );
    const address = `${host.includes(':') ? `[${host}]` : host}:${server.port}`;
    process.stdout.write(`The subgraph ${name} is ready at http://${address}/graphql\n`);
  });
}

function readName(given: string): SubgraphName {
  const name = SUBGRAPH_NAMES.find((each) => each === given);
  if (name) return name;
  throw new MeshError('INVALID_CONFIGURATION', `There is no subgraph "${given}". There are ${SUBGRAPH_NAMES.join(', ')}.`);
}
