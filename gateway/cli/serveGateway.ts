import type { Logger } from 'pino';
import { SUBGRAPH_NAMES } from '../../subgraphs/shared/names.js';
import { CONTEXT_HEADER, signContext } from '../../subgraphs/shared/requestContext.js';
import type { Siblings } from '../cluster/Siblings.js';
import { LIMITS } from '../config/limits.js';
import type { MeshConfig } from '../config/readConfig.js';
import { subgraphNameProblems } from '../config/subgraphNameProblems.js';
import { settingsOf } from '../config/subgraphsConfig.js';
import { createControl } from '../createControl.js';
import { MeshError } from '../errors.js';
import { createSubgraphClient } from '../fetch/createSubgraphClient.js';
import { knownAnswers, type AnswerReader } from '../fetch/knownAnswers.js';
import { createGateway, type Gateway, type SupergraphSource } from '../gateway.js';
import { loadSupergraph, type Supergraph } from '../planner/loadSupergraph.js';
import { startTelemetry } from '../telemetry/startTelemetry.js';
import { createRandomHex } from './createRandomHex.js';
import type { Lifetime } from './lifetime.js';
import { openCache } from './openCache.js';
import { openEventLog } from './storage.js';
import { missingKey } from './missingKey.js';

interface Options {
  readonly config: MeshConfig;
  /** Where subgraphs are, if not where the supergraph says. */
  readonly urls: ReadonlyMap<string, string>;
  readonly lifetime: Lifetime;
  readonly log: Logger;
  /** Left out: this process serves alone. */
  readonly siblings?: Siblings;
}

export interface ServedGateway {
  readonly url: string;
  /** See Gateway. */
  reload(sdl: string): Promise<void>;
  /** Of this process alone. */
  metrics(): Promise<string>;
}

/** A gateway in front of subgraphs that run elsewhere. Resolves once it can answer. */
export async function serveGateway(sdl: string, { config, urls, lifetime, log, siblings }: Options): Promise<ServedGateway> {
  const clock = Date.now;
  await lifetime.open(
    () => startTelemetry(config.telemetry, 'agent-mesh-gateway', log),
    (telemetry) => telemetry.close(),
  );
  const supergraph = loadSupergraph(sdl);
  const { isMesh } = supergraph;
  const problems = subgraphNameProblems(config.subgraphs, [...supergraph.subgraphs.keys()], isMesh ? SUBGRAPH_NAMES : []);
  if (problems.length > 0) throw new MeshError('INVALID_CONFIGURATION', problems.join('\n'));
  if (isMesh) requireMeshSettings(config);
  const eventLog = isMesh ? await openEventLog(config.storage, lifetime, log) : null;
  const read = knownAnswers(LIMITS.knownAnswerBytes);
  const source = (loaded: Supergraph): SupergraphSource => sourceOf(loaded, { urls, config, clock, read, log });
  const cache = await openCache(config.cache, lifetime, log);
  const gateway: Gateway = await lifetime.open(
    () =>
      createGateway({
        source: source(supergraph),
        eventLog,
        cache,
        config: config.gateway,
        subgraphs: config.subgraphs,
        internalKey: config.internalKey,
        clock,
        randomHex: createRandomHex(),
        ...(siblings && { siblings }),
        log,
        createControl: (parts) => createControl(parts, { internalKey: config.internalKey, clock, log }),
      }),
    (opened) => opened.close(),
  );
  const { url } = await gateway.listen();
  await gateway.ready();
  return {
    url,
    metrics: () => gateway.metrics(),
    reload: async (changed) => {
      const loaded = loadSupergraph(changed);
      // The event log and the key belong to one of the two kinds and were settled at the start.
      if (loaded.isMesh !== isMesh)
        throw new MeshError(
          'INVALID_SUPERGRAPH',
          `The new supergraph is ${loaded.isMesh ? 'that of a mesh and the old one is not' : 'not that of a mesh, as the old one is'}. Start the gateway anew for it.`,
        );
      await gateway.reload(source(loaded));
    },
  };
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
  readonly config: MeshConfig;
  readonly clock: () => number;
  readonly read: AnswerReader;
  readonly log: Logger;
}

function sourceOf(supergraph: Supergraph, { urls, config, clock, read, log }: SourceOptions): SupergraphSource {
  const { subgraphs, isMesh, sdl } = supergraph;
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
  return { sdl, loaded: supergraph, clients: new Map(clients) };
}
