/**
 * One differential case, whole: what is printed when a difference is found, and what `regressions/` keeps. Plain data; the resolvers
 * follow from the SDL (see createSubgraph.ts and createMonolith.ts), so that a case needs no code of its own.
 */
export interface FederationCase {
  /** By name: SDL. */
  readonly subgraphs: Readonly<Record<string, string>>;
  readonly data: Data;
  readonly operation: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  /** Scopes of a caller who is known. Without: an anonymous caller. */
  readonly scopes?: readonly string[];
  /** Subgraphs that do not answer at all. */
  readonly down?: readonly string[];
}

/** Every object by a name of its own (`Ant:1`); `Query` and `Mutation` hold the root fields. */
export type Data = Readonly<Record<string, DataObject>>;

/** Without arguments a field answers with its value; see `fold` for what arguments do to it. Strings in capitals are enum values. */
export interface DataObject {
  readonly __typename: string;
  /** Subgraphs that know nothing of this entity. */
  readonly $missing?: readonly string[];
  readonly [field: string]: unknown;
}

/** Instead of a value: another object, a failure, or (on root fields) which mutations were made so far. */
export type Special = { readonly $ref: string } | { readonly $error: string } | { readonly $log: true };

export function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
