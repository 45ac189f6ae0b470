import type { ExecutionResult, GraphQLSchema } from 'graphql';
import type { Logger } from 'pino';
import type { Database } from './database/Database.js';
import type { EgressRule } from './egressRules.js';
import type { EventConsumer, EventLog } from './eventlog/EventLog.js';
import type { SubgraphName } from './names.js';
import type { RequestContext } from './requestContext.js';

/** What every subgraph is given. Nothing is read from the environment below this. */
export interface SubgraphResources {
  readonly database: Database;
  readonly eventLog: EventLog;
  /** Epoch milliseconds. */
  readonly clock: () => number;
  /** MESH_INTERNAL_KEY: verifies request contexts and route hints. */
  readonly internalKey: Uint8Array;
  readonly log: Logger;
  /** Wakes the subgraph's outbox relay after a commit, so that events leave at once and not with the next poll. */
  readonly wakeRelay: () => void;
  /** Asks the gateway for a fresh route (POST /internal/route; in one process a plain call). Only `agents` uses it. */
  readonly reroute?: Reroute;
  /** MESH_EGRESS_ALLOW: who may be called though the address is not public. Only `agents` uses it. */
  readonly egressAllow?: readonly EgressRule[];
  /** The value of a MESH_MODEL_KEY_… variable. Only `agents` uses it. */
  readonly modelKey?: (name: string) => string | undefined;
  /** The Dapr sidecar and the token that it asks for. Only `agents` uses it. */
  readonly dapr?: { readonly url: string; readonly apiToken: string | null } | null;
  /** Sends an operation through the gateway's whole pipeline, as a service of the tenant. Only `evaluations` uses it. */
  readonly askMesh?: AskMesh;
}

/** `principal` and `input` are those of the stored task. Resolves to a signed route hint for `field`. */
export type Reroute = (request: { principal: RequestContext['principal']; field: string; input: unknown }) => Promise<string>;

/** Governed, routed and accounted for like any caller's. Failures are in `errors`; rejects when the gateway does not answer. */
export type AskMesh = (
  principal: RequestContext['principal'],
  request: SubgraphRequest,
) => Promise<{
  data?: Record<string, unknown> | null;
  errors?: readonly { message: string; extensions?: Record<string, unknown> }[];
}>;

/** How one subgraph is built. Each subgraph's server.ts exports one. */
export interface SubgraphDefinition {
  readonly name: SubgraphName;
  /** Path of its numbered SQL migrations, from the package root. Its Postgres schema bears its name. */
  readonly migrations: string;
  /** `buildSubgraphSchema` resolvers. */
  readonly resolvers: object;
  /** Called once for each operation; DataLoaders live here. The result is the resolvers' context value. */
  createContext(request: RequestContext, resources: SubgraphResources): object;
  /** Consumers and workers. They are stopped before the database closes, newest first. */
  start?(resources: SubgraphResources): Promise<{ stop(): Promise<void>; settled?: EventConsumer['settled'] }[]>;
}

export interface SubgraphRequest {
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly operationName?: string;
}

/** A running subgraph. In one process the gateway calls `execute`; over HTTP `serveSubgraph` does, after verifying the context. */
export interface Subgraph {
  readonly name: SubgraphName;
  readonly schema: GraphQLSchema;
  /** Never rejects: failures are in `errors`, with INTERNAL_SERVER_ERROR for what is not a MeshError. */
  execute(request: SubgraphRequest, context: RequestContext): Promise<ExecutionResult>;
  /** Drains: stops taking work, lets running operations end, stops workers and the relay. The database is the caller's to close. */
  close(): Promise<void>;
}
