import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { createSubgraph } from '../../subgraphs/shared/createSubgraph.js';
import { SUBGRAPH_NAMES } from '../../subgraphs/shared/names.js';
import { packageRoot } from '../../subgraphs/shared/packageRoot.js';
import type { AskMesh, Reroute, Subgraph } from '../../subgraphs/shared/Subgraph.js';
import type { MeshConfig } from '../config/readConfig.js';
import { createControl } from '../createControl.js';
import { MeshError } from '../errors.js';
import { createRandomHex } from './createRandomHex.js';
import { inProcessClient } from '../fetch/inProcessClient.js';
import { createGateway, type Gateway } from '../gateway.js';
import { DEFINITIONS } from './definitions.js';
import type { Lifetime } from './lifetime.js';
import { openCache } from './openCache.js';
import { openStorage } from './storage.js';

/**
 * The whole mesh in this process: storage, five subgraphs, gateway, in this order. Resolves once it can answer. `makeControl` is for who
 * wants to know what governance costs.
 */
export async function openMesh(
  config: MeshConfig,
  lifetime: Lifetime,
  log: Logger,
  makeControl = createControl,
): Promise<{ readonly url: string }> {
  const { database, eventLog } = await openStorage(config.storage, lifetime, log);
  const internalKey = config.internalKey ?? randomBytes(32);
  const clock = Date.now;
  const late: { gateway?: Gateway } = {};
  const reroute: Reroute = async (request) => {
    if (!late.gateway) throw new MeshError('TOO_BUSY', 'The gateway is still starting.');
    return late.gateway.reroute(request);
  };
  const askMesh: AskMesh = async (principal, request) => {
    // The evaluations subgraph takes up its work before there is a gateway, and tries again.
    if (!late.gateway) throw new MeshError('TOO_BUSY', 'The gateway is still starting.');
    return late.gateway.askMesh(principal, request);
  };
  const resources = { database, eventLog, clock, internalKey, log, reroute, askMesh, ...config.outbound };
  const subgraphs: Subgraph[] = [];
  // Closed in the opposite order: right after the gateway the one whose workers need the others.
  for (const name of SUBGRAPH_NAMES.toReversed()) {
    subgraphs.push(
      await lifetime.open(
        () => createSubgraph(DEFINITIONS[name], resources),
        (subgraph) => subgraph.close(),
      ),
    );
  }
  const cache = await openCache(config.cache, lifetime, log);
  const gateway = await lifetime.open(
    async () =>
      createGateway({
        source: {
          sdl: await readFile(join(packageRoot, 'schema/supergraph.graphql'), 'utf8'),
          clients: new Map(subgraphs.map((subgraph) => [subgraph.name as string, inProcessClient(subgraph)])),
        },
        eventLog,
        cache,
        config: config.gateway,
        internalKey,
        clock,
        randomHex: createRandomHex(),
        log,
        createControl: (parts) => makeControl(parts, { internalKey, clock, log }),
      }),
    (opened) => opened.close(),
  );
  late.gateway = gateway;
  const { url } = await gateway.listen();
  await gateway.ready();
  return { url };
}
