/** Tokens of the local models: each word, number or sign of punctuation is one. */
export function countTokens(text: string): number {
  return text.match(/[\p{L}\p{M}]+|\p{N}+|[^\s\p{L}\p{M}\p{N}]/gu)?.length ?? 0;
}
