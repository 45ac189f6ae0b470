export interface LocalAnswer {
  readonly text: string;
  /** What the answer was made of. */
  readonly output: Readonly<Record<string, unknown>>;
}

/** What the agent may decide. */
export interface Authority {
  /** Null: any amount. */
  readonly maxAmountUsd: string | null;
}

/** The algorithm cannot answer this prompt; another candidate may. */
export class CannotAnswer extends Error {
  override readonly name = 'CannotAnswer';
}
