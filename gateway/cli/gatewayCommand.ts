import { readConfig, type ConfigFlags } from '../config/readConfig.js';
import { MeshError } from '../errors.js';
import { createLogger } from '../telemetry/createLogger.js';
import { liveUntilStopped } from './lifetime.js';
import { openSupergraph, type SupergraphFlags } from './openSupergraph.js';
import { readSubgraphUrls } from './readSubgraphUrls.js';
import { readWorkers } from './readWorkers.js';
import { serveGateway } from './serveGateway.js';
import { serveWithWorkers } from './serveWithWorkers.js';

export interface GatewayFlags extends ConfigFlags, SupergraphFlags {
  /** `name=url` */
  readonly subgraphUrl?: readonly string[];
  /** How many processes, or `auto`. */
  readonly workers?: string;
}

/** `mesh gateway`: the mesh's own supergraph, or any other (`--supergraph`), or one composed from live subgraphs (`--compose`). */
export async function gatewayCommand(flags: GatewayFlags): Promise<void> {
  const startedAt = performance.now();
  const config = readConfig(process.env, flags);
  if (flags.supergraph !== undefined && flags.compose !== undefined) {
    const message = '--supergraph and --compose both say where the supergraph comes from; give one of them.';
    throw new MeshError('INVALID_CONFIGURATION', message);
  }
  const { subgraphUrl: subgraphUrls = [] } = flags;
  const urls = readSubgraphUrls(subgraphUrls);
  const workers = readWorkers(flags.workers ?? '1');
  const log = createLogger();
  await liveUntilStopped(log, async (lifetime) => {
    const { sdl, follow } = await openSupergraph(flags, { internalKey: config.internalKey, lifetime, log });
    const { url, reload } =
      workers === 1
        ? await serveGateway(sdl, { config, urls, lifetime, log })
        : await serveWithWorkers(sdl, { workers, config, subgraphUrls, lifetime, log });
    follow(reload);
    const took = ((performance.now() - startedAt) / 1000).toFixed(1);
    const many = workers === 1 ? '' : `, with ${workers} workers`;
    process.stdout.write(`The gateway is ready at ${url} after ${took} s${many}. GraphQL is at ${url}/graphql.\n`);
  });
}
