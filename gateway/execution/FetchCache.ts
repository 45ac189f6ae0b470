import type { FetchNode } from '../planner/federation.js';
import type { JsonObject } from './Target.js';

/** What fetches of one operation look into before they ask a subgraph. */
export interface FetchCache {
  /**
   * A fetch of entities by their representations as JSON texts, or with null of root fields. Null: nothing of it may be kept. What decides under which keys
   * it is kept is fixed by this call, which therefore goes before the request.
   */
  lookUp(node: FetchNode, variables: Readonly<JsonObject>, representations: readonly string[] | null): FetchLookup | null;
  /** One for fetches that are made for several operations. */
  fork(): FetchCache;
  /** Counts what was read and brought through a fork to this operation. */
  join(fork: FetchCache): void;
}

export interface FetchLookup {
  /** One object for each representation, or one for the root fields; null where there is none. They are the caller's alone. Never rejects. */
  read(): Promise<(JsonObject | null)[]>;
  /** Keeps what an answer without errors brought, as it is now. */
  write(index: number, value: Readonly<JsonObject>): void;
}
