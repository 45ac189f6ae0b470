import { CannotAnswer, type LocalAnswer } from './LocalAnswer.js';
import { documentation, wordsOf, type Passage } from './knowledgeBase.js';

/**
 * Answers from the project's documentation. `small` gives the best passage; `large` reads the twelve best, ranks their sentences by
 * how much of the question they hold, and gives up to three with their sources. Throws CannotAnswer when nothing is about the question.
 */
export function answerFromDocs(question: string, variant: 'small' | 'large'): LocalAnswer {
  const found = documentation().search(question, variant === 'small' ? 1 : 12);
  if (found.length === 0) throw new CannotAnswer('nothing in the documentation is about this');
  const chosen = variant === 'small' ? found : rankSentences(question, found).slice(0, 3);
  const sources = [...new Set(chosen.map(({ source }) => source))];
  return { text: chosen.map(({ text }) => text).join(' '), output: { sources } };
}

interface Sentence {
  readonly text: string;
  readonly source: string;
  readonly score: number;
}

function rankSentences(question: string, passages: readonly (Passage & { readonly score: number })[]): Sentence[] {
  const asked = new Set(wordsOf(question));
  const best = passages[0]!.score;
  const sentences = passages.flatMap(({ text, title, source, score }) =>
    text.split(/(?<=[.!?])\s+(?=[A-Z`])/).map((sentence): Sentence => {
      const words = new Set([...wordsOf(sentence), ...wordsOf(title)]);
      const covered = [...asked].filter((word) => words.has(word)).length / Math.max(1, asked.size);
      return { text: sentence, source, score: score / best + covered };
    }),
  );
  return sentences.sort((a, b) => b.score - a.score);
}
