import { CannotAnswer } from './LocalAnswer.js';

/** Built-in agents compute in the process that serves everybody, so what they read is short; nothing they can answer is longer. */
const MAX_CHARACTERS = 4_000;

/** Throws CannotAnswer. */
export function refuseLongPrompt(prompt: string): void {
  if (prompt.length > MAX_CHARACTERS)
    throw new CannotAnswer(`built-in agents read at most ${MAX_CHARACTERS} characters, and there are ${prompt.length}`);
}

/** Without the characters at the end that match. By hand: `/[…]+$/` takes time with the square of a run that is not at the end. */
export function withoutEnd(text: string, character: RegExp): string {
  let end = text.length;
  while (end > 0 && character.test(text[end - 1]!)) end--;
  return text.slice(0, end);
}
