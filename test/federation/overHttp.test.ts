import fc from 'fast-check';
import { expect, it } from 'vitest';
import { choicesOf } from './generate/Choices.js';
import { drawOperation } from './generate/drawOperation.js';
import { drawSupergraph } from './generate/drawSupergraph.js';
import { profiles } from './generate/profiles.js';
import { readOptions } from './readOptions.js';
import { compareAnswers } from './support/compareAnswers.js';
import { printAnswer, printCase } from './support/printCase.js';
import { startOverHttp } from './support/startOverHttp.js';

const GRAPHS = 30;
const OPERATIONS_PER_GRAPH = 5;

it('the whole gateway answers over HTTP like one schema', async () => {
  let cases = 0;
  const { seed } = readOptions();
  const property = fc.asyncProperty(fc.gen(), fc.constantFrom(...profiles), async (generate, profile) => {
    const choose = choicesOf(generate);
    const drawn = drawSupergraph(profile, choose);
    if ('problems' in drawn) return;
    const { built, subgraphs, data, marks } = drawn;
    const gateway = await startOverHttp(built);
    try {
      for (let left = OPERATIONS_PER_GRAPH; left > 0; left--) {
        const drawn = drawOperation(built.apiSchema, marks, choose, profile.operation);
        if (!drawn) continue;
        const { down } = profile.asked?.(choose, Object.keys(subgraphs)) ?? {};
        const asked = { operation: drawn.operation, variables: drawn.variables, ...(down && { down }) };
        cases++;
        const [expected, got] = [await built.monolith(asked), await gateway.run(asked)];
        const what = compareAnswers(expected, got, { denied: built.supergraphSdl.includes('for: SECURITY') });
        const found = { subgraphs, data, ...asked };
        if (what) throw new Error(`${what}\n${printCase(found)}\nexpected ${printAnswer(expected)}\ngot ${printAnswer(got)}`);
      }
    } finally {
      await gateway.close();
    }
  });
  const { errorInstance } = await fc.check(property, { seed, numRuns: GRAPHS, endOnFailure: true });
  if (errorInstance) throw errorInstance as Error;
  expect(cases).toBeGreaterThanOrEqual(100);
}, 120_000);
