import { parseUsd, type PicoUsd } from '../../subgraphs/shared/money.js';
import { costOf } from '../../subgraphs/shared/pricing.js';
import { inputBytesOf, MAX_OUTPUT_TOKENS, mostInputTokens } from '../../subgraphs/shared/tokenBounds.js';
import type { AgentRecord, ModelRecord, QualityRecord } from '../../subgraphs/shared/snapshot.js';
import type { RoutedInput } from './RoutingRequest.js';

/** Output of an ordinary answer, in tokens. */
const EXPECTED_OUTPUT = 200;
const BYTES_PER_TOKEN = 4;

const sizes = new WeakMap<RoutedInput, number>();

/** Bytes of prompt and payload. Worked out once for each input, whatever the number of candidates. */
export function sizeOf(input: RoutedInput): number {
  let size = sizes.get(input);
  if (size === undefined) sizes.set(input, (size = inputBytesOf(input)));
  return size;
}

export function expectedInputTokens(input: RoutedInput, { instructionBytes }: AgentRecord): number {
  return Math.ceil((sizeOf(input) + instructionBytes) / BYTES_PER_TOKEN);
}

/** What an ordinary answer costs, and what the dearest possible one does; never above `limit`. */
export function estimateCost(
  input: RoutedInput,
  agent: AgentRecord,
  { pricing }: ModelRecord,
  limit: PicoUsd | null,
): { estimatedCost: PicoUsd; cap: PicoUsd } {
  const cost = (inputTokens: number, outputTokens: number): PicoUsd =>
    costOf({ inputTokens, cachedInputTokens: 0, outputTokens }, pricing);
  const worst = cost(mostInputTokens(sizeOf(input), agent.instructionBytes), MAX_OUTPUT_TOKENS);
  return {
    estimatedCost: cost(expectedInputTokens(input, agent), EXPECTED_OUTPUT),
    cap: limit !== null && limit < worst ? limit : worst,
  };
}

/** What a tier promises before anything is measured, worth four measurements: an untried expert is preferred, and not for long. */
const PRIOR_QUALITY = { GENERALIST: 0.7, SPECIALIST: 0.8, EXPERT: 0.9 } as const;
const PRIOR_SAMPLES = 4;

/** One-sided 80 % of a normal distribution. */
const Z80 = 0.8416;

export interface ExpectedQuality {
  /** The mean of the Beta posterior that the tier's promise and the measured results (alpha and beta from Beta(1, 1)) make together. */
  readonly quality: number;
  /**
   * What it may still turn out to be: the posterior's 80 % quantile, by the normal distribution of the same mean and variance. Few bad
   * results by chance would otherwise close somebody out for good, since who is not asked has no chance to show better. It comes down to
   * the mean within some twenty results, which bounds what trying costs. Without results it is the promise itself.
   */
  readonly hopedFor: number;
}

export function expectedQuality({ tier }: AgentRecord, measured: QualityRecord | undefined): ExpectedQuality {
  const promised = PRIOR_QUALITY[tier] * PRIOR_SAMPLES;
  const successes = promised + (measured?.alpha ?? 1) - 1;
  const failures = PRIOR_SAMPLES - promised + (measured?.beta ?? 1) - 1;
  const total = successes + failures;
  const quality = successes / total;
  const deviation = Math.sqrt((quality * (1 - quality)) / (total + 1));
  return { quality, hopedFor: measured?.samples ? Math.min(1, quality + Z80 * deviation) : quality };
}

export function smaller(a: PicoUsd | null, text: string | null | undefined): PicoUsd | null {
  const b = text === null || text === undefined ? null : parseUsd(text);
  if (a === null || b === null) return a ?? b;
  return a < b ? a : b;
}
