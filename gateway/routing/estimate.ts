import { parseUsd, type PicoUsd } from '../../subgraphs/shared/money.js';
import { costOf } from '../../subgraphs/shared/pricing.js';
import type { AgentRecord, ModelRecord, QualityRecord } from '../../subgraphs/shared/snapshot.js';
import type { RoutedInput } from './RoutingRequest.js';

/** Output of an ordinary answer, and the most that an answer may have, in tokens. */
const EXPECTED_OUTPUT = 200;
const MAX_OUTPUT = 4_096;
const CHARACTERS_PER_TOKEN = 4;

/** What chat templates put around messages, in tokens. */
const TEMPLATE = 256;

export function inputCharacters({ prompt, payload }: RoutedInput): number {
  return (prompt?.length ?? 0) + (payload === undefined || payload === null ? 0 : JSON.stringify(payload).length);
}

export function expectedInputTokens(input: RoutedInput, agent?: AgentRecord): number {
  return Math.ceil((inputCharacters(input) + (agent?.instructionBytes ?? 0)) / CHARACTERS_PER_TOKEN);
}

/** No tokenizer makes more tokens than there are bytes. */
function maxInputTokens({ prompt, payload }: RoutedInput, { instructionBytes = 0 }: AgentRecord): number {
  const bytes = (text: string | null | undefined): number => (text ? Buffer.byteLength(text) : 0);
  const data = payload === undefined || payload === null ? '' : JSON.stringify(payload);
  return bytes(prompt) + bytes(data) + instructionBytes + TEMPLATE;
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
  const worst = cost(maxInputTokens(input, agent), MAX_OUTPUT);
  return {
    estimatedCost: cost(expectedInputTokens(input, agent), EXPECTED_OUTPUT),
    cap: limit !== null && limit < worst ? limit : worst,
  };
}

/** What a tier promises before anything is measured, worth four measurements: an untried expert is preferred, and not for long. */
const PRIOR_QUALITY = { GENERALIST: 0.7, SPECIALIST: 0.8, EXPERT: 0.9 } as const;
const PRIOR_SAMPLES = 4;

/** The mean of the Beta posterior that the tier's promise and the measured results (alpha and beta from Beta(1, 1)) make together. */
export function expectedQuality({ tier }: AgentRecord, measured: QualityRecord | undefined): number {
  const promised = PRIOR_QUALITY[tier] * PRIOR_SAMPLES;
  const successes = (measured?.alpha ?? 1) - 1;
  const failures = (measured?.beta ?? 1) - 1;
  return (promised + successes) / (PRIOR_SAMPLES + successes + failures);
}

export function smaller(a: PicoUsd | null, text: string | null | undefined): PicoUsd | null {
  const b = text === null || text === undefined ? null : parseUsd(text);
  if (a === null || b === null) return a ?? b;
  return a < b ? a : b;
}
