import { profiles } from './generate/profiles.js';

export interface Options {
  readonly seed: number;
  /** Of each profile. */
  readonly casesEach: number;
  /** Part of a profile's name. */
  readonly only: string;
}

/** `npm run test:federation -- --seed 42 --cases 10000 --only @requires`; cases are those of all profiles together. */
export function readOptions(env: Readonly<Record<string, string | undefined>> = process.env): Options {
  const only = env['FEDERATION_ONLY'] ?? '';
  const count = profiles.filter(({ name }) => name.includes(only)).length;
  const cases = number(env, 'FEDERATION_CASES', 200 * count);
  return { seed: number(env, 'FEDERATION_SEED', 20_261_125), casesEach: Math.ceil(cases / Math.max(count, 1)), only };
}

function number(env: Readonly<Record<string, string | undefined>>, name: string, otherwise: number): number {
  const text = env[name];
  if (text === undefined) return otherwise;
  if (!/^\d{1,9}$/.test(text)) throw new Error(`${name} is not a whole number: ${text}`);
  return Number(text);
}
