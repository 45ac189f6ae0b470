/** Why a call to an agent or a model did not come back with an answer, in words that may be shown: no address, no secret. */
export class EgressError extends Error {
  override readonly name = 'EgressError';
  /** Whether the call may have reached the other side, which then may have worked and want its money. */
  readonly sent: boolean;

  constructor(message: string, sent: boolean, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.sent = sent;
  }
}
