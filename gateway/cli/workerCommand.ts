import { join } from 'node:path';
import { createCalls } from '../cluster/createCalls.js';
import type { Siblings } from '../cluster/Siblings.js';
import type { PrimaryCalls, WorkerCalls } from '../cluster/WorkerCalls.js';
import { readConfig, type ConfigFlags } from '../config/readConfig.js';
import { MeshError } from '../errors.js';
import { createLogger } from '../telemetry/createLogger.js';
import { createLifetime } from './lifetime.js';
import { readSubgraphUrls } from './readSubgraphUrls.js';
import { serveGateway, type ServedGateway } from './serveGateway.js';

/** What a worker is told. Settings it reads by itself, so that no key travels. */
export interface Assignment {
  readonly worker: number;
  readonly workers: number;
  /** Where the workers' sockets are, named by their numbers. */
  readonly folder: string;
  readonly sdl: string;
  readonly flags: ConfigFlags;
  /** `name=url` */
  readonly subgraphUrls: readonly string[];
}

const PRIMARY_MS = 5_000;

/**
 * One of the processes of `mesh gateway --workers`, which alone starts it. The primary says when it begins and ends: Ctrl-C reaches all
 * processes of a terminal, and each must hear of its end once. SIGTERM drains this worker alone. Without the primary it ends at once.
 */
export async function workerCommand(): Promise<void> {
  if (!process.send)
    throw new MeshError('INVALID_CONFIGURATION', '`mesh gateway-worker` is a part of `mesh gateway --workers`, which starts it.');
  const log = createLogger();
  const lifetime = createLifetime();
  let gateway: ServedGateway | undefined;
  let ending: Promise<never> | undefined;
  const end = (): void => {
    ending ??= lifetime.close().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ err: error }, 'closing failed');
        process.exit(1);
      },
    );
  };
  const served = (): ServedGateway => {
    if (gateway) return gateway;
    throw new MeshError('TOO_BUSY', 'The worker is still starting.');
  };
  const ours: WorkerCalls<Assignment> = {
    start: async ({ worker, workers, folder, sdl, flags, subgraphUrls }) => {
      const addressOf = (number: number) => (number >= 1 && number <= workers ? join(folder, `${number}.sock`) : null);
      const siblings: Siblings = {
        number: worker,
        addressOf,
        metrics: () => calls.call('metrics', null, PRIMARY_MS),
        leave: (metrics) => calls.call('leave', metrics, PRIMARY_MS),
      };
      const config = readConfig(process.env, flags);
      const urls = readSubgraphUrls(subgraphUrls);
      try {
        gateway = await serveGateway(sdl, { config, urls, lifetime, log: log.child({ worker }), siblings });
        return gateway.url;
      } catch (error) {
        await lifetime.close().catch((cause: unknown) => log.error({ err: cause }, 'closing failed'));
        throw error;
      }
    },
    reload: (sdl) => served().reload(sdl),
    metrics: () => served().metrics(),
    stop: async () => end(),
  };
  const calls = createCalls<PrimaryCalls>((message, sent) => void process.send!(message, undefined, {}, sent), ours);
  process.on('message', calls.take);
  process.on('SIGTERM', end);
  for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
  await calls.call('listening', null, PRIMARY_MS);
}
