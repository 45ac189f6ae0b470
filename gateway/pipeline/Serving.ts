import type { DocumentNode, GraphQLFormattedError } from 'graphql';
import type { EventLog } from '../../subgraphs/shared/eventlog/EventLog.js';
import type { Principal } from '../../subgraphs/shared/principal.js';
import type { Reroute } from '../../subgraphs/shared/Subgraph.js';
import type { Caching } from '../cache/createCaching.js';
import type { Generations } from '../cache/generations.js';
import type { Call } from '../context/createCall.js';
import type { Demand } from '../demand/createDemand.js';
import type { SectionSharing } from '../execution/shareSections.js';
import type { SubgraphClient } from '../fetch/SubgraphClient.js';
import type { ToldHeaders } from '../fetch/toldHeaders.js';
import type { Planner } from '../planner/createPlanner.js';
import type { MeshError } from '../errors.js';
import type { Supergraph } from '../planner/loadSupergraph.js';
import type { RoutedInstance } from '../planner/OperationPlan.js';
import type { Metrics } from '../telemetry/createMetrics.js';

/** One loaded supergraph with everything that operations on it need. A new supergraph makes a new one; the old one still ends its work. */
export interface Serving extends Control {
  readonly supergraph: Supergraph;
  readonly planner: Planner;
  readonly clients: ReadonlyMap<string, SubgraphClient>;
  /** Null: a foreign supergraph, which has no event topics. */
  readonly eventLog: EventLog | null;
  readonly caching: Caching;
  readonly demand: Demand;
  /** Null: operations share nothing with one another. */
  readonly sharing: SharedBy | null;
  readonly metrics: Metrics;
  readonly clock: () => number;
  readonly randomHex: (bytes: number) => string;
}

export interface SharedBy {
  readonly sections: SectionSharing;
  readonly toldHeaders: ToldHeaders;
}

/** Who may do what, and who computes it: governance, routing and the snapshot that both decide by. */
export interface Control {
  /** The document has one operation. */
  govern(document: DocumentNode, variables: Record<string, unknown>, principal: Principal): Governed;
  /** By variable name: the signed route hint, or why the field cannot be routed just now. */
  route(
    routed: readonly RoutedInstance[],
    variables: Record<string, unknown>,
    call: Call,
  ): Promise<Record<string, string | MeshError>>;
  /** A new route for a stored task. */
  readonly reroute: Reroute;
  /** Milliseconds since the snapshot was current, Infinity before it is there. Null: nothing here depends on one. */
  snapshotAgeMs(): number | null;
  /**
   * Resolves once the snapshot has taken in the event at the cursor and all before it; rejects with BAD_CURSOR for a cursor of no topic
   * that it follows, with SNAPSHOT_STALE when `signal` is aborted before.
   */
  caughtUp(cursor: string, signal: AbortSignal): Promise<void>;
  /** Which state of the subgraphs' data cached values belong to. */
  readonly generations: Generations;
  /** What is still missing before operations can be answered, in words. */
  missing(): readonly string[];
  /** Puts on record what is not yet, and ends. */
  close(): Promise<void>;
}

/** What governance said before planning; `gateway/governance` has the whole of it. */
export interface Governed {
  readonly document: DocumentNode;
  readonly denied: readonly GraphQLFormattedError[];
  /** Nothing that was asked for is left. */
  readonly nothingLeft: boolean;
  /** Whether policies were asked, hence whether an old snapshot may have decided. */
  readonly byPolicies: boolean;
  /** Puts the decisions on record. Not called for each event of a subscription, only when it opens and when it is denied. */
  record(operationName: string | null): void;
}
