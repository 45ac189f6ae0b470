import type { FetchContext, SubgraphClient } from '../fetch/SubgraphClient.js';
import type { DeferredStep, Step } from './compileSteps.js';
import type { FetchCache } from './FetchCache.js';
import type { IsPossibleType } from './rewrites.js';
import type { ErrorSink, JsonObject, ResponsePath } from './Target.js';

/** Where deferred steps go while an operation runs. */
export interface Parts {
  /** To be done once the fetches that it waits for are, or `primary`, which they are a part of. */
  defer(deferred: DeferredStep, primary: Promise<void>, run: Run): void;
  fetched(id: string): void;
}

/** One operation while it runs. */
export interface Run {
  /** The growing answer. */
  readonly data: JsonObject;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly clients: ReadonlyMap<string, SubgraphClient>;
  readonly context: FetchContext;
  /** Null: every fetch is made. */
  readonly cache: FetchCache | null;
  readonly isPossible: IsPossibleType;
  /** By the number of a place: 1 when its values stand in several places of the answer. */
  readonly isRepeated: Uint8Array;
  /** Whether all strings of the answer so far may be written as JSON without a look at them. */
  isPlain: boolean;
  /** Null: everything is answered at once. */
  readonly parts: Parts | null;
  /** Steps that have been done. Null: nobody asks. */
  readonly over: Set<Step> | null;
  readonly report: ErrorSink;
  /** Takes places that are null because of what was reported elsewhere. */
  readonly excuse: (places: readonly ResponsePath[]) => void;
}
