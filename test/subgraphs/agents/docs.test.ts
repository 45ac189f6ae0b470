import { describe, expect, it } from 'vitest';
import { answerFromDocs } from '../../../subgraphs/agents/builtin/answerFromDocs.js';
import { callBuiltin, findBuiltin } from '../../../subgraphs/agents/builtin/callBuiltin.js';
import { countTokens } from '../../../subgraphs/agents/builtin/countTokens.js';
import { createKnowledgeBase } from '../../../subgraphs/agents/builtin/knowledgeBase.js';
import { CannotAnswer } from '../../../subgraphs/agents/builtin/LocalAnswer.js';
import type { Passage } from '../../../subgraphs/agents/builtin/Passage.js';
import { readmePassages } from '../../../subgraphs/agents/builtin/readmePassages.js';
import { stem } from '../../../subgraphs/agents/builtin/terms.js';
import { FOREIGN, LATER_QUESTIONS, QUESTIONS, type DocsQuestion } from './docsQuestions.js';

type Variant = 'small' | 'large';
const VARIANTS = ['small', 'large'] as const;

/** Null: it said that it cannot answer. */
function answer(question: string, variant: Variant): string | null {
  try {
    return answerFromDocs(question, variant).text;
  } catch (error) {
    if (error instanceof CannotAnswer) return null;
    throw error;
  }
}

function shareRight(questions: readonly DocsQuestion[], variant: Variant): number {
  return questions.filter(([question, right]) => right.test(answer(question, variant) ?? '')).length / questions.length;
}

describe('over what newcomers ask', () => {
  // When they were set: small 0.82 and 0.92, large 0.93 and 0.96. The documentation grows, so each has room.
  it.each([
    ['small', 'that it was made with', QUESTIONS, 0.7],
    ['small', 'that came later', LATER_QUESTIONS, 0.7],
    ['large', 'that it was made with', QUESTIONS, 0.88],
    ['large', 'that came later', LATER_QUESTIONS, 0.85],
  ] as const)('the %s model is right on most questions %s', (variant, _, questions, least) => {
    expect(shareRight(questions, variant)).toBeGreaterThanOrEqual(least);
  });

  it('the dearer model is clearly the better one', () => {
    const all = [...QUESTIONS, ...LATER_QUESTIONS];
    expect(shareRight(all, 'large') - shareRight(all, 'small')).toBeGreaterThan(0.08);
  });

  it.each(VARIANTS)('the %s model knows nothing of what is not documented', (variant) => {
    expect(FOREIGN.filter((question) => answer(question, variant) !== null).length).toBeLessThanOrEqual(1);
  });

  it('no answer says the same sentence twice, ends in a lead-in or is a mere name', () => {
    for (const [question] of [...QUESTIONS, ...LATER_QUESTIONS]) {
      for (const variant of VARIANTS) {
        const text = answer(question, variant);
        if (text === null) continue;
        const lines = text.split('\n').filter((line) => /^\w.*\.$/.test(line));
        expect(new Set(lines).size, question).toBe(lines.length);
        expect(text, question).not.toMatch(/:\s*$/);
        expect(text.length, question).toBeGreaterThan(20);
      }
    }
  });
});

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
    ['What happens when a subgraph is dead?', /the others still answer/],
    ['How do I resume a subscription?', /after: <the last cursor>/],
    ['How many candidates are ranked?', /up to four/],
    ['How is a model chosen?', /cheapest candidate above the quality floor/],
    ['What is the difference between ask and taskRun?', /waits for the answer/],
    ['How do I print a plan?', /^plan FILE [^\n]*$/],
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

describe('passages of the documentation', () => {
  const texts = readmePassages().map(({ text }) => text);

  it('keep a list with the sentence that leads in to it, and code with its sentence', () => {
    expect(texts.some((text) => /, and: 1\. filters .* 4\. ranks/.test(text))).toBe(true);
    expect(texts.some((text) => /^Ask the mesh about itself[^\n]*\ncurl /.test(text))).toBe(true);
    expect(texts.filter((text) => text.endsWith(':'))).toEqual([]);
  });

  it('name the row of a table, and hold its columns', () => {
    const port = readmePassages().find(({ name }) => name === 'PORT');
    expect(port).toMatchObject({
      source: 'README.md, Settings',
      context: expect.stringMatching(/Variable Default Meaning$/) as string,
    });
  });
});

describe('a search', () => {
  const passage = (name: string | null, text: string): Passage => {
    return { source: 'a', name, heading: '', text, context: '', weight: 1 };
  };
  const base = createKnowledgeBase([
    passage('Crate', 'A crate holds apples until they are sold.'),
    passage(null, 'Apples are sold on Mondays in front of the barn.'),
    passage('Crate.apples', 'The apples of the crate.'),
    ...Array.from({ length: 20 }, (_, index) => passage(null, `Filler number ${index} speaks of something else entirely.`)),
  ]);
  const search = (question: string, isBroad = true) => base.search(question, { limit: 3, isBroad });

  it('finds words in their other forms', () => {
    expect(search('sell an apple on Monday', false)[0]!.text).toMatch(/^Apples are sold/);
    expect(['resumes', 'resuming', 'resumed', 'resume'].map(stem)).toEqual(Array(4).fill('resum'));
    expect(['denies', 'denied', 'chosen', 'kept', 'classes', 'status'].map(stem)).toEqual(
      ['deny', 'deny', 'choose', 'keep', 'class', 'status'].map(stem),
    );
  });

  it('prefers what bears the name that was asked for, and what says more than the question', () => {
    expect(search('What is a crate?')[0]!.name).toBe('Crate');
    expect(search('the apples of the crate')[0]!.name).toBe('Crate');
  });

  it('knows other words and misspelt ones only when it is broad', () => {
    const directories = createKnowledgeBase([
      passage(null, 'Everything is in the folder .mesh.'),
      passage(null, 'Subscriptions end.'),
    ]);
    const find = (question: string, isBroad: boolean) => directories.search(question, { limit: 1, isBroad }).length;
    expect([find('which directory', false), find('which directory', true)]).toEqual([0, 1]);
    expect([find('subscribtions', false), find('subscribtions', true)]).toEqual([0, 1]);
  });

  it('measures how much of the question was found, so that another subject is seen', () => {
    const [best] = search('apples on the moon');
    expect(best!.covered).toBeLessThan(0.5);
    expect(search('apples sold')[0]!.covered).toBe(1);
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
