import { MeshError } from '../errors.js';

/** Ends a command: a known problem as its code and words, anything else with its stack, since it is a bug. */
export function exitWithError(error: unknown): never {
  if (error instanceof MeshError) process.stderr.write(`${error.code}: ${error.message}\n`);
  else process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
}
