import { isAscii, isUtf8, type Buffer } from 'node:buffer';
import { TransportError } from './http/Transport.js';
import type { SubgraphResponse } from './SubgraphClient.js';

const BACKSLASH = 0x5c;
/** Whatever walks over an answer may do so by recursion. Looking costs a twentieth of the parsing. */
const MAX_LEVELS = 500;

/** A subgraph's answer from the bytes of its body. Throws TransportError when they are no GraphQL answer; its content type may be any. */
export function readAnswer(bytes: Buffer, status: number): SubgraphResponse {
  const answer = parseJson(bytes, status);
  if (answer === null || typeof answer !== 'object' || (!('data' in answer) && !('errors' in answer)))
    throw improper(`HTTP ${status} without a GraphQL answer`);
  const { data, errors } = answer as { data?: unknown; errors?: unknown };
  if (data !== undefined && data !== null && (typeof data !== 'object' || Array.isArray(data)))
    throw improper('its data is not an object');
  if (!isShallow(answer, MAX_LEVELS)) throw improper(`its answer has over ${MAX_LEVELS} levels`);
  if (errors !== undefined && errors !== null && !Array.isArray(errors)) throw improper('its errors are not a list');
  return {
    data: (data ?? null) as Record<string, unknown> | null,
    ...(errors && { errors: (errors as unknown[]).map(toFormattedError) }),
    ...(!bytes.includes(BACKSLASH) && { isPlain: true }),
  };
}

function parseJson(bytes: Buffer, status: number): unknown {
  // Replacing what is not UTF-8 would give clients text that nobody wrote.
  const isPlain = isAscii(bytes);
  if (!isPlain && !isUtf8(bytes)) throw improper(`HTTP ${status} with an answer that is not UTF-8`);
  try {
    return JSON.parse(bytes.toString(isPlain ? 'latin1' : 'utf8'));
  } catch {
    throw improper(`HTTP ${status} without JSON`);
  }
}

function isShallow(value: object, left: number): boolean {
  if (left === 0) return false;
  if (Array.isArray(value)) {
    for (const item of value as unknown[])
      if (typeof item === 'object' && item !== null && !isShallow(item, left - 1)) return false;
    return true;
  }
  // JSON.parse makes plain objects only, so that all of their keys are their own.
  for (const key in value) {
    const item = (value as Record<string, unknown>)[key];
    if (typeof item === 'object' && item !== null && !isShallow(item, left - 1)) return false;
  }
  return true;
}

/** A subgraph may send anything as an error; what is not of the right type is left out. */
function toFormattedError(error: unknown): NonNullable<SubgraphResponse['errors']>[number] {
  const { message, path, extensions } = (error ?? {}) as { message?: unknown; path?: unknown; extensions?: unknown };
  return {
    message: typeof message === 'string' ? message : 'The subgraph reported an error without a message.',
    ...(Array.isArray(path) ? { path: path.filter((step) => typeof step === 'string' || typeof step === 'number') } : {}),
    ...(extensions !== null && typeof extensions === 'object'
      ? { extensions: withCode(extensions as Record<string, unknown>) }
      : {}),
  };
}

function withCode(extensions: Record<string, unknown>): Record<string, unknown> {
  const { code, ...others } = extensions;
  return code === undefined || typeof code === 'string' ? extensions : others;
}

function improper(message: string): TransportError {
  return new TransportError('improper', message);
}
