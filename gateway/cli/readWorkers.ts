import { availableParallelism } from 'node:os';
import { MeshError } from '../errors.js';

const MAX_WORKERS = 128;

/** Reads `--workers`: a number of processes, or `auto`, one for each core. Throws INVALID_CONFIGURATION. */
export function readWorkers(text: string, cores: number = availableParallelism()): number {
  if (text === 'auto') return Math.min(cores, MAX_WORKERS);
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= 1 && number <= MAX_WORKERS) return number;
  throw new MeshError('INVALID_CONFIGURATION', `--workers ${text}: write a whole number from 1 to ${MAX_WORKERS}, or auto.`);
}
