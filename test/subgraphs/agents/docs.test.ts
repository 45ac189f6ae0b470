import { describe, expect, it } from 'vitest';
import { answerFromDocs } from '../../../subgraphs/agents/builtin/answerFromDocs.js';
import { callBuiltin, findBuiltin } from '../../../subgraphs/agents/builtin/callBuiltin.js';
import { countTokens } from '../../../subgraphs/agents/builtin/countTokens.js';

describe.each(['small', 'large'] as const)('the %s lexical model', (variant) => {
  it.each([
    ['What does the error NO_ROUTE mean?', /no agent may compute/i],
    ['What does OVER_BUDGET mean?', /hard budget/i],
    ['What does the directive @governed do?', /cedar/i],
    ['What is @costRouted?', /computed by an agent/i],
    ['On which port does the gateway listen?', /4000/],
    ['In which folder is data kept?', /\.mesh/],
    ['How long are events kept?', /7 days/],
    ['What is a budget?', /limit/i],
    ['Which command applies a mesh file?', /apply FILE/],
    ['What is MESH_INTERNAL_KEY for?', /signs/i],
    ['Does the embedded database survive a power cut?', /fsync/],
    ['What does dev-viewer read?', /agents, models and tasks/],
    ['How do I add my own subgraph?', /SDL/],
  ])('answers %s', (question, answer) => {
    expect(answerFromDocs(question, variant).text).toMatch(answer);
  });

  it('says when it knows nothing of it', () => {
    expect(() => answerFromDocs('zyzzyva quokka', variant)).toThrow(/nothing in the documentation/);
  });

  it('names its sources', () => {
    expect(answerFromDocs('What does NO_ROUTE mean?', variant).output['sources']).toContain('README.md, Error codes');
  });
});

it('counts words, numbers and signs', () => {
  expect(['', 'two words', '3.14 + x²', '¿Qué?'].map(countTokens)).toEqual([0, 2, 6, 3]);
});

it('charges what was read when it cannot answer', () => {
  expect(callBuiltin(findBuiltin('builtin:arithmetic', 'local/arithmetic-small')!, 'half of ninety')).toMatchObject({
    usage: { inputTokens: 3, outputTokens: 0 },
    answer: undefined,
  });
  expect(findBuiltin('builtin:docs', 'local/arithmetic-small')).toBeUndefined();
});
