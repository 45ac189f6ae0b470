import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { superviseWorkers } from '../cluster/superviseWorkers.js';
import type { MeshConfig } from '../config/readConfig.js';
import { exitWithError } from './exitWithError.js';
import type { Lifetime } from './lifetime.js';
import { probePort } from './probePort.js';
import type { ServedGateway } from './serveGateway.js';
import type { Assignment } from './workerCommand.js';

interface Options {
  readonly workers: number;
  readonly config: MeshConfig;
  readonly subgraphUrls: readonly string[];
  readonly lifetime: Lifetime;
  readonly log: Logger;
}

/** The same gateway in several processes on one port; this one only looks after them. Resolves once all can answer. */
export async function serveWithWorkers(
  sdl: string,
  { workers, config, subgraphUrls, lifetime, log }: Options,
): Promise<Pick<ServedGateway, 'url' | 'reload'>> {
  const { host } = config.gateway;
  // One port for all, those that are started later too.
  const port = String(await probePort(config.gateway));
  const folder = await lifetime.open(
    () => mkdtemp(join(tmpdir(), 'mesh-')),
    (made) => rm(made, { recursive: true, force: true }),
  );
  return lifetime.open(
    () =>
      superviseWorkers<Assignment>({
        count: workers,
        sdl,
        command: 'gateway-worker',
        assignmentOf: (worker, now) => ({ worker, workers, folder, sdl: now, flags: { host, port }, subgraphUrls }),
        onFailure: (error) => {
          const exit = (): void => exitWithError(error);
          lifetime.close().then(exit, exit);
        },
        log,
      }),
    (supervised) => supervised.close(),
  );
}
