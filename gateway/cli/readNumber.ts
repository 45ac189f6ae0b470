import { MeshError } from '../errors.js';

/** A number that was given as a flag. Throws INVALID_CONFIGURATION, which names the flag and the range. */
export function readNumber(flag: string, text: string, min: number, max: number): number {
  const number = Number(text);
  if (text.trim() !== '' && number >= min && number <= max) return number;
  throw new MeshError('INVALID_CONFIGURATION', `${flag} ${text}: write a number from ${min} to ${max}.`);
}
