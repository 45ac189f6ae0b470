import { MeshError } from './errors.js';

/**
 * PostgreSQL holds every text but those with the character NUL or half of a surrogate pair. Throws BAD_USER_INPUT for a value that holds
 * one, at any depth.
 */
export function refuseUnstorable(value: unknown, name: string): void {
  if (typeof value === 'string') {
    if (!value.includes('\0') && value.isWellFormed()) return;
    throw new MeshError('BAD_USER_INPUT', `${name} holds the character NUL or half of a surrogate pair. Leave it out.`);
  }
  if (value === null || typeof value !== 'object') return;
  for (const [key, inner] of Object.entries(value)) {
    refuseUnstorable(key, `A name in ${name}`);
    refuseUnstorable(inner, Array.isArray(value) ? name : `${name}.${key}`);
  }
}

/** Whether PostgreSQL can hold it. False, too, for what is nested too deeply to look at. */
export function isStorable(value: unknown): boolean {
  try {
    refuseUnstorable(value, 'it');
    return true;
  } catch {
    return false;
  }
}
