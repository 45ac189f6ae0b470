import { pick, whole, type Random } from './seededRandom.js';

/** What is sent: a question that is waited for, or a task that is left to be done. */
export interface Question {
  readonly field: 'ask' | 'taskRun';
  /** A TaskInput. */
  readonly input: Readonly<Record<string, unknown>>;
}

const DOCS = [
  'What is a cursor?',
  'What is a tenant?',
  'On which port does the gateway listen?',
  'In which folder is data kept?',
  'How are subscriptions resumed?',
  'What does the directive @governed do?',
  'What does the directive @costRouted do?',
  'Who may read budgets?',
  'How long are events kept?',
  'How do I add my own subgraph?',
  'Which tests need a PostgreSQL server?',
  'What is recorded about a decision?',
  'How is the price of an answer worked out?',
  'When is a subscription refused?',
  'What happens when a subgraph fails?',
];
const CODES = ['NO_ROUTE', 'EVENT_GAP', 'OVER_BUDGET', 'FORBIDDEN', 'TASK_FAILED', 'SNAPSHOT_STALE', 'BAD_CURSOR', 'TOO_BUSY'];
const NUMBERS = ['two', 'three', 'five', 'seven', 'eight', 'eleven', 'twelve', 'twenty', 'forty', 'ninety'];
const WORDS = ['plus', 'minus', 'times', 'divided by'];
const SIGNS = ['+', '-', '*', '/'];
/** Nobody in the demo fleet can answer these, or nobody may. */
const HOPELESS: readonly Readonly<Record<string, unknown>>[] = [
  { taskClass: 'math.arithmetic', prompt: 'What is banana divided by seven?' },
  { taskClass: 'math.arithmetic', prompt: '12 / (7 - 7)' },
  { taskClass: 'docs.question', prompt: 'Xyzzy plugh?' },
  { taskClass: 'cooking.recipe', prompt: 'How long does an egg boil?' },
  { taskClass: 'docs.question', prompt: 'What is a policy?', maxCostUsd: '0.000000000001' },
];
const CUSTOMERS = Array.from({ length: 12 }, (_, index) => `customer-${index + 1}`);
const COMPLEXITIES = ['SIMPLE', 'MODERATE', 'COMPLEX'];

/** One of a believable mix: mostly documentation and sums, now and then something hopeless; few customers ask most of it. */
export function nextQuestion(random: Random): Question {
  const chance = random();
  const input = inputFor(chance, random);
  return { field: random() < 0.12 ? 'taskRun' : 'ask', input: { ...input, ...circumstances(random) } };
}

function inputFor(chance: number, random: Random): Readonly<Record<string, unknown>> {
  if (chance < 0.38) return { taskClass: 'docs.question', prompt: docsQuestion(random) };
  if (chance < 0.65) return { taskClass: 'math.arithmetic', prompt: sumInSymbols(random) };
  if (chance < 0.92) return { taskClass: 'math.arithmetic', prompt: sumInWords(random) };
  return pick(random, HOPELESS);
}

function docsQuestion(random: Random): string {
  return random() < 0.3 ? `What does the error ${pick(random, CODES)} mean?` : pick(random, DOCS);
}

function sumInSymbols(random: Random): string {
  const [a, b, c] = [whole(random, 2, 99), whole(random, 2, 99), whole(random, 2, 12)];
  return random() < 0.5 ? `${a} ${pick(random, SIGNS)} ${b}` : `${c} * (${a} ${pick(random, ['+', '-'])} ${b})`;
}

function sumInWords(random: Random): string {
  if (random() < 0.2) return `${whole(random, 1, 20) * 5} percent of ${whole(random, 2, 50) * 10}`;
  return `What is ${pick(random, NUMBERS)} ${pick(random, WORDS)} ${pick(random, NUMBERS)} ${pick(random, ['plus', 'minus'])} ${pick(random, NUMBERS)}?`;
}

function circumstances(random: Random): Readonly<Record<string, unknown>> {
  return {
    // The square draws the first customers more often.
    customerId: CUSTOMERS[Math.floor(random() ** 2 * CUSTOMERS.length)],
    ...(random() < 0.1 && { customerValue: 'HIGH' }),
    ...(random() < 0.35 && { complexity: pick(random, COMPLEXITIES) }),
  };
}
