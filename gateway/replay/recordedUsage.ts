import type { Usage } from '../../subgraphs/shared/pricing.js';
import type { RecordedAnswer, Recording } from './recordings.js';

const CHARACTERS_PER_TOKEN = 4;
/** Where no text was kept: about a letter and a few words. */
const OUTPUT_WITHOUT_TEXT = 8;

/**
 * The recordings hold no token counts, so these are counted by one rule for every model: a token for each four characters begun.
 * They are not what the providers billed.
 */
export function recordedUsage({ prompt }: Recording, { text }: RecordedAnswer): Usage {
  return {
    inputTokens: tokensOf(prompt),
    cachedInputTokens: 0,
    outputTokens: text === null ? OUTPUT_WITHOUT_TEXT : tokensOf(text),
  };
}

function tokensOf(text: string): number {
  return Math.ceil(text.length / CHARACTERS_PER_TOKEN);
}
