import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { EventLog } from '../subgraphs/shared/eventlog/EventLog.js';
import type { AskMesh, Reroute } from '../subgraphs/shared/Subgraph.js';
import type { Cache } from './cache/Cache.js';
import { createCaching, NO_CACHING } from './cache/createCaching.js';
import type { Siblings } from './cluster/Siblings.js';
import { LIMITS } from './config/limits.js';
import { COST_DEFAULTS } from './config/costConfig.js';
import { HTTP_DEFAULTS } from './config/httpConfig.js';
import type { GatewayConfig } from './config/readConfig.js';
import type { SubgraphsConfig } from './config/subgraphsConfig.js';
import { createAuthenticator } from './context/authenticate.js';
import { createCostHeaders } from './demand/costLimits.js';
import { createDemand } from './demand/createDemand.js';
import { MeshError } from './errors.js';
import { createSectionSharing } from './execution/shareSections.js';
import { shareInFlight } from './fetch/shareInFlight.js';
import type { SubgraphClient } from './fetch/SubgraphClient.js';
import { createToldHeaders } from './fetch/toldHeaders.js';
import { createOperations } from './pipeline/createOperations.js';
import { createPrepareOperation } from './pipeline/prepareOperation.js';
import type { Control, Serving } from './pipeline/Serving.js';
import { createPlanner, type Planner } from './planner/createPlanner.js';
import { loadSupergraph, type Supergraph } from './planner/loadSupergraph.js';
import { createMetrics, type Metrics } from './telemetry/createMetrics.js';
import { measureClient } from './telemetry/measureClient.js';
import { traceStages } from './telemetry/traceStages.js';
import { createOriginCheck } from './transport/allowedOrigins.js';
import { askInProcess } from './transport/askInProcess.js';
import { createApollo } from './transport/createApollo.js';
import { createDocuments } from './transport/documents/createDocuments.js';
import { readManifest } from './transport/documents/readManifest.js';
import { graphqlOverHttp } from './transport/graphqlOverHttp.js';
import { createHttpServer, listen, listenAt, type HttpServerOptions } from './transport/httpServer.js';
import { internalCalls } from './transport/internalCalls.js';
import { createOperationCheck } from './transport/operationLimits.js';
import { createStreams } from './transport/streams/createStreams.js';
import { attachWebSocket } from './transport/webSocket.js';

export interface GatewayOptions {
  readonly source: SupergraphSource;
  /** Null: no subscriptions. The caller's to close. */
  readonly eventLog: EventLog | null;
  /** Null: nothing is cached. The caller's to close. */
  readonly cache: Cache | null;
  readonly config: GatewayConfig;
  /** Left out: nothing was settled about them. */
  readonly subgraphs?: SubgraphsConfig;
  /** Null: subgraphs that run alone cannot ask for anything. */
  readonly internalKey: Uint8Array | null;
  /** Epoch milliseconds. */
  readonly clock: () => number;
  /** Lower-case hexadecimal digits of that many random bytes: trace and operation ids. */
  readonly randomHex: (bytes: number) => string;
  /** Left out: this process serves alone. */
  readonly siblings?: Siblings;
  readonly log: Logger;
  /** Governance, routing and the snapshot for one supergraph. */
  readonly createControl: (parts: ControlParts) => Control;
}

/** A supergraph and a client for each of its subgraphs. The gateway closes the clients. */
export interface SupergraphSource {
  readonly sdl: string;
  /** The SDL loaded, where the caller has done that already. */
  readonly loaded?: Supergraph;
  readonly clients: ReadonlyMap<string, SubgraphClient>;
}

export interface ControlParts {
  readonly supergraph: Supergraph;
  readonly clients: ReadonlyMap<string, SubgraphClient>;
  readonly eventLog: EventLog | null;
  readonly metrics: Metrics;
}

export interface Gateway {
  /** Throws PORT_IN_USE. `url` has the loopback address when the host is every address. */
  listen(): Promise<{ readonly port: number; readonly url: string }>;
  /**
   * Serves another supergraph as soon as nothing is missing for it; one after the other when called again meanwhile. Goes on with the
   * old one and rejects with INVALID_SUPERGRAPH, UNSUPPORTED_DIRECTIVE, or SNAPSHOT_STALE after LIMITS.reloadMs.
   */
  reload(source: SupergraphSource): Promise<void>;
  /** Resolves once operations can be answered; rejects when `signal` is aborted before. */
  ready(signal?: AbortSignal): Promise<void>;
  /** Of this process alone. */
  metrics(): Promise<string>;
  readonly reroute: Reroute;
  /** An operation of a subgraph, as the principal that it names. */
  readonly askMesh: AskMesh;
  /** Drains: answers no new connection, ends subscriptions, gives running operations 10 s, then records, then closes the clients. */
  close(): Promise<void>;
}

/** The gateway, whole: transports around the pipeline around one supergraph. Throws INVALID_SUPERGRAPH, UNSUPPORTED_DIRECTIVE. */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const { config, internalKey, clock, randomHex, siblings, log } = options;
  const { http = HTTP_DEFAULTS, cost = COST_DEFAULTS } = config;
  const metrics = createMetrics();
  const operations = createOperations(createServing(options, options.source, metrics));
  metrics.observeSnapshotAge(() => {
    const ageMs = operations.serving().snapshotAgeMs();
    return ageMs === null ? null : ageMs / 1000;
  });
  const reroute: Reroute = (request) => operations.serving().reroute(request);
  const authenticate = createAuthenticator(config.auth, clock);
  const allowsOrigin = createOriginCheck(config.auth.devTokens, http.corsOrigins);
  const checkOperation = createOperationCheck();
  const { persisted } = http;
  const prepareOperation = createPrepareOperation(checkOperation);
  const documents = createDocuments({
    ...persisted,
    checkOperation,
    prepare: (source, operationName) => prepareOperation(operations.schema(), source, operationName),
    manifest: await readManifest(persisted.manifestFile),
  });
  const apollo = await createApollo(operations, log);
  let closing: Promise<void> | undefined;
  const askMesh = askInProcess({ operations, checkOperation, closing: () => closing !== undefined, clock, randomHex, log });

  const missing = (): readonly string[] => (closing ? ['the gateway is closing'] : operations.serving().missing());
  const streams = createStreams();
  const toldHeaders = createToldHeaders(options.subgraphs);
  const costHeaders = createCostHeaders(cost);
  const graphql = graphqlOverHttp({
    apollo,
    operations,
    documents,
    streams,
    siblings,
    sharesOperations: config.sharing === 'operation',
    // Whoever has another limit, or is told the cost, has another answer.
    toldHeaders: (headers) => toldHeaders(headers) + costHeaders(headers),
    authenticate,
    clock,
    randomHex,
    metrics,
    log,
    ...http,
  });
  const serving: HttpServerOptions = {
    graphql: graphql.answer,
    internal: internalKey ? internalCalls({ reroute, askMesh }, { internalKey, clock, log }) : new Map(),
    missing,
    metrics: siblings?.metrics ?? metrics.text,
    consoleFolder: config.consoleFolder,
    allowsOrigin,
    log,
  };
  const server = createHttpServer(serving);
  const handedOver = siblings && createHttpServer(serving);
  const webSocket = attachWebSocket(server, { operations, authenticate, documents, allowsOrigin, clock, randomHex, log });

  /** Operations that began on an old supergraph have as long as any operation may take. */
  const retiring = new Map<Serving, NodeJS.Timeout>();
  const replace = async (source: SupergraphSource): Promise<void> => {
    // Each that still ends its work holds a planner and caches, so a stream of changes has to wait for them.
    while (retiring.size >= LIMITS.retiringSupergraphs && !closing) await delay(100);
    const next = await createOrClose(source, () => createServing(options, source, metrics));
    const until = performance.now() + LIMITS.reloadMs;
    while (next.missing().length > 0 && !closing && performance.now() < until) await delay(10);
    if (closing || next.missing().length > 0) {
      const why = closing ? 'the gateway is closing' : next.missing().join(', ');
      await retire(next, log);
      throw new MeshError('SNAPSHOT_STALE', `The new supergraph cannot be served, the old one goes on: ${why}.`);
    }
    const old = operations.serving();
    operations.serve(next);
    const timer = setTimeout(() => {
      retiring.delete(old);
      void retire(old, log);
    }, LIMITS.maxDeadlineMs);
    retiring.set(old, timer.unref());
  };
  let reloading: Promise<unknown> = Promise.resolve();

  const close = async (): Promise<void> => {
    await reloading;
    const closed = server.listening ? new Promise((resolve) => server.close(resolve)) : undefined;
    server.closeIdleConnections();
    const until = performance.now() + LIMITS.drainMs;
    while (operations.running() > 0 && performance.now() < until) await delay(10);
    graphql.close();
    await Promise.all([webSocket.close(), streams.close(Math.max(0, until - performance.now()))]);
    // Answers that are ready still leave; a kept connection without a request does not hold the gateway open.
    server.closeIdleConnections();
    const cut = setTimeout(() => server.closeAllConnections(), operations.running() > 0 ? 0 : 1_000);
    await closed;
    clearTimeout(cut);
    await apollo.stop();
    for (const timer of retiring.values()) clearTimeout(timer);
    await Promise.all([...retiring.keys()].map((old) => retire(old, log)));
    const { close: closeControl, clients } = operations.serving();
    await closeControl();
    await Promise.all([...clients.values()].map((client) => client.close()));
    handedOver?.close();
    handedOver?.closeAllConnections();
    await siblings?.leave(await metrics.text()).catch((error: unknown) => log.warn({ err: error }, 'last metrics are not known'));
    await metrics.close();
  };

  return {
    listen: async () => {
      if (handedOver) await listenAt(handedOver, siblings.addressOf(siblings.number)!);
      const port = await listen(server, config.host, config.port);
      return { port, url: `http://${displayHost(config.host)}:${port}` };
    },
    reload: (source) => {
      const replaced = reloading.then(() => replace(source));
      reloading = replaced.catch(() => undefined);
      return replaced;
    },
    ready: async (signal) => {
      while (missing().length > 0) await delay(10, undefined, signal ? { signal } : {});
    },
    metrics: metrics.text,
    reroute,
    askMesh,
    close: () => (closing ??= close()),
  };
}

function createServing(options: GatewayOptions, source: SupergraphSource, metrics: Metrics): Serving {
  const { sdl, loaded: supergraph = loadSupergraph(sdl), clients: given } = source;
  const { config, eventLog, cache, clock, randomHex, createControl } = options;
  const clients = new Map(
    [...given].map(([name, client]) => {
      const measured = measureClient(name, client, metrics);
      const { viewOf } = client;
      const shares = viewOf && config.sharing !== undefined && config.sharing !== 'off';
      return [name, shares ? shareInFlight(measured, { name, clock, viewOf }) : measured];
    }),
  );
  const planner = plannerFor(supergraph, config);
  const control = createControl({ supergraph, clients, eventLog, metrics });
  const { generations } = control;
  const caching = cache
    ? createCaching({ cache, supergraph, generations, metrics, clock, toldHeaders: createToldHeaders(options.subgraphs) })
    : NO_CACHING;
  const demand = createDemand({ supergraph, config: config.cost ?? COST_DEFAULTS, metrics });
  const sharing =
    config.sharing === 'operation'
      ? { sections: createSectionSharing(clock), toldHeaders: createToldHeaders(options.subgraphs) }
      : null;
  return traceStages({ ...control, supergraph, planner, clients, eventLog, caching, demand, sharing, metrics, clock, randomHex });
}

/** Clients that nobody will use are closed. */
async function createOrClose({ clients }: SupergraphSource, create: () => Serving): Promise<Serving> {
  try {
    return create();
  } catch (error) {
    await Promise.allSettled([...clients.values()].map((client) => client.close()));
    throw error;
  }
}

function plannerFor(supergraph: Supergraph, { overrideLabels }: GatewayConfig): Planner {
  try {
    return createPlanner(supergraph, { overrideLabels: new Set(overrideLabels), random: Math.random });
  } catch (cause) {
    throw new MeshError('INVALID_SUPERGRAPH', `The supergraph cannot be planned for: ${(cause as Error).message}`, { cause });
  }
}

async function retire({ close, clients }: Serving, log: Logger): Promise<void> {
  const results = await Promise.allSettled([close(), ...[...clients.values()].map((client) => client.close())]);
  for (const result of results)
    if (result.status === 'rejected') log.warn({ err: result.reason as unknown }, 'an old supergraph did not end well');
}

function displayHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
