/**
 * How many tokens a call may come to, for the money that is held before it and the limit that is sent with it: both sides must count
 * alike, or an answer could cost more than was held.
 */
export const MAX_OUTPUT_TOKENS = 4_096;

/** The frame that a chat API puts around messages. */
const FRAME_TOKENS = 256;

/** No tokenizer makes more tokens of a text than it has bytes in UTF-8. */
export function mostInputTokens(inputBytes: number, instructionBytes: number): number {
  return inputBytes + instructionBytes + FRAME_TOKENS;
}

/** Of prompt and payload, as agents read them. */
export function inputBytesOf({ prompt, payload }: { readonly prompt?: string | null; readonly payload?: unknown }): number {
  const payloadText = payload === undefined || payload === null ? '' : JSON.stringify(payload);
  return Buffer.byteLength(prompt ?? '') + Buffer.byteLength(payloadText);
}
