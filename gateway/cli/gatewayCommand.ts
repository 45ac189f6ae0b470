import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { SUBGRAPH_NAMES } from '../../subgraphs/shared/names.js';
import { CONTEXT_HEADER, signContext } from '../../subgraphs/shared/requestContext.js';
import { packageRoot } from '../../subgraphs/shared/packageRoot.js';
import { composeLive } from '../compose/composeLive.js';
import { LIMITS } from '../config/limits.js';
import { readConfig, type ConfigFlags, type MeshConfig } from '../config/readConfig.js';
import { createControl } from '../createControl.js';
import { MeshError } from '../errors.js';
import { subgraphNameProblems } from '../config/subgraphNameProblems.js';
import { settingsOf } from '../config/subgraphsConfig.js';
import { createSubgraphClient } from '../fetch/createSubgraphClient.js';
import { knownAnswers, type AnswerReader } from '../fetch/knownAnswers.js';
import { createGateway, type SupergraphSource } from '../gateway.js';
import { loadSupergraph } from '../planner/loadSupergraph.js';
import { createLogger } from '../telemetry/createLogger.js';
import { startTelemetry } from '../telemetry/startTelemetry.js';
import { liveUntilStopped } from './lifetime.js';
import { createRandomHex } from './createRandomHex.js';
import { openCache } from './openCache.js';
import { readSubgraphUrls } from './readSubgraphUrls.js';
import { openEventLog } from './storage.js';
import { missingKey } from './subgraphCommand.js';

export interface GatewayFlags extends ConfigFlags {
  readonly supergraph?: string;
  readonly compose?: string;
  /** `name=url` */
  readonly subgraphUrl?: readonly string[];
}

/** `mesh gateway`: the mesh's own supergraph, or any other (`--supergraph`), or one composed from live subgraphs (`--compose`). */
export async function gatewayCommand(flags: GatewayFlags): Promise<void> {
  const startedAt = performance.now();
  const config = readConfig(process.env, flags);
  if (flags.supergraph !== undefined && flags.compose !== undefined) {
    const message = '--supergraph and --compose both say where the supergraph comes from; give one of them.';
    throw new MeshError('INVALID_CONFIGURATION', message);
  }
  const urls = readSubgraphUrls(flags.subgraphUrl ?? []);
  const log = createLogger();
  const clock = Date.now;
  await liveUntilStopped(log, async (lifetime) => {
    await lifetime.open(
      () => startTelemetry(config.telemetry, 'agent-mesh-gateway', log),
      (telemetry) => telemetry.close(),
    );
    let onChange: (sdl: string) => void = () => undefined;
    const sdl = flags.compose
      ? await lifetime
          .open(
            () =>
              composeLive(flags.compose!, {
                internalKey: config.internalKey,
                clock,
                log,
                onChange: (changed) => onChange(changed),
              }),
            (live) => live.close(),
          )
          .then((live) => live.sdl)
      : await readSupergraph(flags.supergraph ?? join(packageRoot, 'schema/supergraph.graphql'));
    const { isMesh, subgraphs } = loadSupergraph(sdl);
    const problems = subgraphNameProblems(config.subgraphs, [...subgraphs.keys()], isMesh ? SUBGRAPH_NAMES : []);
    if (problems.length > 0) throw new MeshError('INVALID_CONFIGURATION', problems.join('\n'));
    if (isMesh) requireMeshSettings(config);
    const eventLog = isMesh ? await openEventLog(config.storage, lifetime, log) : null;
    const read = knownAnswers(LIMITS.knownAnswerBytes);
    const source = (from: string): SupergraphSource => sourceOf(from, { urls, isMesh, config, clock, read, log });
    const cache = await openCache(config.cache, lifetime, log);
    const gateway = await lifetime.open(
      () =>
        createGateway({
          source: source(sdl),
          eventLog,
          cache,
          config: config.gateway,
          subgraphs: config.subgraphs,
          internalKey: config.internalKey,
          clock,
          randomHex: createRandomHex(),
          log,
          createControl: (parts) => createControl(parts, { internalKey: config.internalKey, clock, log }),
        }),
      (opened) => opened.close(),
    );
    onChange = (changed) => {
      gateway.reload(source(changed)).then(
        () => log.info('the supergraph has changed and is served from now on'),
        (error: unknown) => log.error({ err: error }, 'the changed supergraph cannot be served; the old one goes on'),
      );
    };
    const { url } = await gateway.listen();
    await gateway.ready();
    const took = ((performance.now() - startedAt) / 1000).toFixed(1);
    process.stdout.write(`The gateway is ready at ${url} after ${took} s. GraphQL is at ${url}/graphql.\n`);
  });
}

function requireMeshSettings({ internalKey, storage }: MeshConfig): void {
  if (!internalKey) throw missingKey('A gateway of a mesh whose subgraphs are processes of their own');
  if (storage.databaseUrl === null && storage.kafka === null)
    throw new MeshError(
      'INVALID_CONFIGURATION',
      'A gateway of a mesh whose subgraphs are processes of their own needs KAFKA_BROKERS or DATABASE_URL, where the event log is. In one process: `mesh start`.',
    );
}

interface SourceOptions {
  readonly urls: ReadonlyMap<string, string>;
  readonly isMesh: boolean;
  readonly config: MeshConfig;
  readonly clock: () => number;
  readonly read: AnswerReader;
  readonly log: Logger;
}

function sourceOf(sdl: string, { urls, isMesh, config, clock, read, log }: SourceOptions): SupergraphSource {
  const { subgraphs } = loadSupergraph(sdl);
  const internalKey = isMesh ? config.internalKey : null;
  const { sharing = 'off' } = config.gateway;
  const unknown = [...urls.keys()].filter((name) => !subgraphs.has(name));
  if (unknown.length > 0)
    throw new MeshError('INVALID_CONFIGURATION', `--subgraph-url: the supergraph has no subgraph ${unknown.join(', ')}.`);
  const clients = [...subgraphs.values()].flatMap(({ name, url: own }) => {
    const url = urls.get(name) ?? own;
    // The events subgraph is composed and run by none.
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) return [];
    // Other teams' subgraphs in the same supergraph are not told who the caller is.
    const sign =
      internalKey &&
      SUBGRAPH_NAMES.some((own) => own === name) &&
      (async (body: string, { request }: { request: Parameters<typeof signContext>[0] }) => ({
        [CONTEXT_HEADER]: await signContext(request, name, body, internalKey, clock()),
      }));
    const settings = settingsOf(config.subgraphs, name);
    const options = { name, url, settings, sharing, read, clock, random: Math.random, log };
    return [[name, createSubgraphClient({ ...options, ...(sign && { sign }) })] as const];
  });
  return { sdl, clients: new Map(clients) };
}

async function readSupergraph(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: unknown) => {
    throw new MeshError('INVALID_SUPERGRAPH', `${file} cannot be read: ${(cause as Error).message}`, { cause });
  });
}
