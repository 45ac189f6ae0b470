import { MeshError, type ErrorCode } from '../errors.js';
import type { Refusal } from './SubgraphClient.js';

export interface FetchTrouble {
  readonly service: string;
  readonly cause?: unknown;
  /** Whether the same request may well succeed when it is sent again: the subgraph was not there, or could not just then. */
  readonly isPassing?: boolean;
  readonly refusal?: Refusal;
  /** False when it was not the subgraph that failed: the operation had no time left, or was one too many here. */
  readonly isOfSubgraph?: boolean;
}

/** A request to a subgraph that brought no answer. What clients see of it is the MeshError; the rest is for who may try again. */
export class FetchError extends MeshError {
  readonly isPassing: boolean;
  readonly refusal: Refusal | undefined;
  readonly isOfSubgraph: boolean;

  constructor(code: ErrorCode, message: string, trouble: FetchTrouble) {
    super(code, message, { cause: trouble.cause, extensions: { service: trouble.service } });
    this.isPassing = trouble.isPassing ?? false;
    this.refusal = trouble.refusal;
    this.isOfSubgraph = trouble.isOfSubgraph ?? true;
  }
}

/** The operation has no time left, or nobody waits for it. */
export function timeIsOver(service: string): FetchError {
  const message = `The time of the operation was over before ${service} answered.`;
  return new FetchError('DEADLINE_EXCEEDED', message, { service, isOfSubgraph: false });
}
