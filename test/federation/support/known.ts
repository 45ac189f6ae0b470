import type { FederationCase } from './FederationCase.js';

/** A difference that is known and not mended yet. Cases that may show it are counted and do not fail. */
export interface Known {
  readonly why: string;
  readonly mayShow: (asked: FederationCase) => boolean;
}

export const KNOWN: readonly Known[] = [];
