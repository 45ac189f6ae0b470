import { documentation, type FoundPassage } from './knowledgeBase.js';
import { CannotAnswer, type LocalAnswer } from './LocalAnswer.js';
import { refuseLongPrompt } from './promptText.js';
import { termsOf } from './terms.js';

/** Below this share of the question, what was found is about something else. */
const LEAST_COVERED = 0.45;

/**
 * Answers from the project's documentation. `small` looks for the question's own words and gives the best passage; `large` also knows
 * other words for them, weighs twelve passages, and gives up to three that each add something. Throws CannotAnswer when nothing is about
 * the question.
 */
export function answerFromDocs(question: string, variant: 'small' | 'large'): LocalAnswer {
  refuseLongPrompt(question);
  const isLarge = variant === 'large';
  const found = documentation().search(question, { limit: isLarge ? 12 : 1, isBroad: isLarge });
  const best = found[0];
  if (!best || best.covered < LEAST_COVERED) throw new CannotAnswer('nothing in the documentation is about this');
  const chosen = isLarge ? choosePassages(found) : [best];
  return {
    text: chosen.map(({ text }) => text).join('\n'),
    output: { sources: [...new Set(chosen.map(({ source }) => source))] },
  };
}

const MOST = 3;
/** A further passage is nearly as good as the best one, and not what was said already. */
const LEAST_SCORE = 0.4;
const MOST_ALIKE = 0.6;

function choosePassages(found: readonly FoundPassage[]): FoundPassage[] {
  const chosen: FoundPassage[] = [];
  for (const passage of found) {
    if (chosen.length === MOST || passage.score < found[0]!.score * LEAST_SCORE) break;
    if (chosen.every((other) => alike(other.text, passage.text) < MOST_ALIKE)) chosen.push(passage);
  }
  return chosen;
}

/** The share of the shorter text's words that the longer one has too. */
function alike(one: string, other: string): number {
  const [a, b] = [termsOf(one), termsOf(other)];
  const shared = [...a].filter((term) => b.has(term)).length;
  return shared / Math.max(1, Math.min(a.size, b.size));
}
