import { buildSubgraphSchema } from '@apollo/subgraph';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { graphql } from 'graphql';
import { pino } from 'pino';
import { NO_CATALOG } from '../../../gateway/cache/generations.js';
import { HTTP_DEFAULTS, type HttpConfig } from '../../../gateway/config/httpConfig.js';
import { COST_DEFAULTS, type CostConfig } from '../../../gateway/config/costConfig.js';
import type { GatewayConfig } from '../../../gateway/config/readConfig.js';
import type { SubgraphClient } from '../../../gateway/fetch/SubgraphClient.js';
import { createGateway, type Gateway, type GatewayOptions } from '../../../gateway/gateway.js';
import type { Control } from '../../../gateway/pipeline/Serving.js';
import type { EventLog } from '../../../subgraphs/shared/eventlog/EventLog.js';
import { loadSubgraphSdl } from '../../../subgraphs/shared/loadSdl.js';
import { SUBGRAPH_NAMES } from '../../../subgraphs/shared/names.js';
import { packageRoot } from '../../../subgraphs/shared/packageRoot.js';

export const supergraphSdl = readFileSync(join(packageRoot, 'schema/supergraph.graphql'), 'utf8');
export const internalKey = new TextEncoder().encode('an internal key of thirty-two characters');

export interface TestGateway {
  readonly gateway: Gateway;
  readonly url: string;
  readonly logs: string[];
  readonly clients: ReadonlyMap<string, SubgraphClient>;
  close(): Promise<void>;
}

/** Everything is allowed, everything routed field gets the hint "hint". */
export const openControl: Control = {
  govern: (document) => ({ document, denied: [], nothingLeft: false, byPolicies: false, record: () => undefined }),
  route: async (routed) => Object.fromEntries(routed.map(({ hintVariable }) => [hintVariable, 'hint'])),
  reroute: async ({ field }) => `a hint for ${field}`,
  caughtUp: async () => undefined,
  generations: NO_CATALOG,
  snapshotAgeMs: () => 0,
  missing: () => [],
  close: async () => undefined,
};

/** A real gateway on a free port over the real supergraph, whose agents subgraph is made of the given resolvers. */
export async function startTestGateway(
  options: Partial<GatewayOptions> & {
    resolvers?: object;
    control?: Partial<Control>;
    eventLog?: EventLog | null;
    auth?: Partial<GatewayConfig['auth']>;
    consoleFolder?: string;
    http?: Partial<HttpConfig>;
    cost?: Partial<CostConfig>;
    sharing?: GatewayConfig['sharing'];
  } = {},
): Promise<TestGateway> {
  const logs: string[] = [];
  const clients = clientsFor(options.resolvers ?? {});
  const gateway = await createGateway({
    source: { sdl: supergraphSdl, clients },
    eventLog: options.eventLog ?? null,
    cache: null,
    config: {
      host: '127.0.0.1',
      port: 0,
      auth: { devTokens: true, jwt: null, ...options.auth },
      consoleFolder: options.consoleFolder ?? '/nowhere',
      http: { ...HTTP_DEFAULTS, ...options.http },
      cost: { ...COST_DEFAULTS, ...options.cost },
      ...(options.sharing && { sharing: options.sharing }),
    },
    internalKey,
    clock: Date.now,
    randomHex: (bytes) => randomBytes(bytes).toString('hex'),
    log: pino({ level: 'info' }, { write: (line) => void logs.push(line) }),
    createControl: () => ({ ...openControl, ...options.control }),
    ...options,
  });
  const { url } = await gateway.listen();
  return { gateway, url, logs, clients, close: () => gateway.close() };
}

function clientsFor(resolvers: object): Map<string, SubgraphClient> {
  const schema = buildSubgraphSchema({ typeDefs: loadSubgraphSdl('agents'), resolvers: resolvers as Record<string, never> });
  const agents: SubgraphClient = {
    request: async ({ operation, variables }, context) => {
      const variableValues = JSON.parse(variables) as Record<string, unknown>;
      const { data, errors } = await graphql({ schema, source: operation.query, variableValues, contextValue: context });
      return {
        data: (data ?? null) as Record<string, unknown> | null,
        ...(errors && { errors: errors.map((error) => error.toJSON()) }),
      };
    },
    close: async () => undefined,
  };
  const dead: SubgraphClient = { request: () => Promise.reject(new Error('not in this test')), close: async () => undefined };
  return new Map(SUBGRAPH_NAMES.map((name) => [name, name === 'agents' ? agents : dead]));
}
