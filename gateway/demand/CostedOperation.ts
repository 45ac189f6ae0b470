import type { Term, Variables } from './terms.js';

/** What the parts of one operation cost, whatever is asked of them: an estimate, or what an answer came to. */
export interface CostedOperation {
  /** Of the kind of the operation, before anything is asked. */
  readonly base: number;
  readonly root: CostedSelection;
  /** Every selection once, each after those in it. */
  readonly selections: readonly CostedSelection[];
  /** Fields of which the variables decide whether a wanted slicing argument is there. */
  readonly checks: readonly ((variables: Variables) => string | null)[];
}

/** What is selected of the objects at one place. The same at several places is there once. */
export interface CostedSelection {
  /** In `selections`. */
  readonly index: number;
  /** The object types that may be there: one, unless the field is of an abstract type. */
  readonly types: readonly CostedType[];
}

export interface CostedType {
  readonly name: string;
  readonly weight: number;
  readonly fields: readonly CostedField[];
  /** Under which names the answer says the type. */
  readonly typeNames: readonly string[];
}

export interface CostedField {
  /** In the answer. */
  readonly name: string;
  /** What @skip and @include say. Null: it is always there. */
  readonly isThere: ((variables: Variables) => boolean) | null;
  /** Of each value. Null: the object's type decides. */
  readonly weight: number | null;
  /** Of the arguments, each time the field is asked for; may be below zero. */
  readonly argumentsCost: Term;
  /** How many lists are around a value. */
  readonly lists: number;
  /** Of values that the field is thought to have: the lengths of its lists, multiplied. 1 when it is no list. */
  readonly count: Term;
  /** Null: of a leaf. */
  readonly selection: CostedSelection | null;
}

/** https://www.apollographql.com/docs/graphos/routing/security/demand-control: what an operation costs by its kind alone. */
export const BASE = { query: 0, mutation: 10, subscription: 0 } as const;
