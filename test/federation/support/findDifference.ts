import type { BuiltGraph } from './buildCase.js';
import { compareAnswers, type Answer } from './compareAnswers.js';
import type { FederationCase } from './FederationCase.js';
import type { Ours } from './runOurs.js';

export interface Difference {
  readonly what: string;
  readonly expected: Answer;
  readonly got: Answer | Error;
}

type Asked = Pick<FederationCase, 'operation' | 'variables' | 'scopes' | 'down'>;

/** What the gateway answers otherwise than the monolith; null: nothing. */
export async function findDifference(built: BuiltGraph, ours: Ours, asked: Asked): Promise<Difference | null> {
  const expected = await built.monolith(asked);
  let got: Answer;
  try {
    got = await ours.run(asked);
  } catch (error) {
    return { what: 'it throws', expected, got: error as Error };
  }
  const denied = built.supergraphSdl.includes('for: SECURITY');
  const around = !!asked.down?.length && built.supergraphSdl.includes('requires: ');
  const what = compareAnswers(expected, got, { denied, around });
  return what === null ? null : { what, expected, got };
}
