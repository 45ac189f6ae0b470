import { CannotAnswer, type LocalAnswer } from './LocalAnswer.js';
import { refuseLongPrompt } from './promptText.js';
import { documentation, termsOf, type Passage } from './knowledgeBase.js';

/**
 * Answers from the project's documentation. `small` gives the best passage; `large` reads the twelve best, ranks their sentences by
 * how much of the question they hold, and gives up to three with their sources. Throws CannotAnswer when nothing is about the question.
 */
export function answerFromDocs(question: string, variant: 'small' | 'large'): LocalAnswer {
  refuseLongPrompt(question);
  const found = documentation().search(question, variant === 'small' ? 1 : 12);
  if (found.length === 0) throw new CannotAnswer('nothing in the documentation is about this');
  const chosen = variant === 'small' ? found : rankSentences(question, found).slice(0, 3);
  if (chosen.length === 0) throw new CannotAnswer('nothing in the documentation is about this');
  const sources = [...new Set(chosen.map(({ source }) => source))];
  return { text: chosen.map(({ text }) => text).join(' '), output: { sources } };
}

interface Sentence {
  readonly text: string;
  readonly source: string;
  readonly score: number;
}

function rankSentences(question: string, passages: readonly (Passage & { readonly score: number })[]): Sentence[] {
  const asked = termsOf(question);
  const best = passages[0]!.score;
  const sentences = passages.flatMap(({ title, text, source, score }) =>
    text.split(/(?<=[.!?])\s+(?=[A-Z`])/).map((sentence, position): Sentence => {
      // The first sentence goes on from its heading.
      const words = termsOf(position === 0 ? `${title} ${sentence}` : sentence);
      const covered = [...asked].filter((word) => words.has(word)).length / Math.max(1, asked.size);
      // Without any of the question's words a sentence leans on others, and alone it says nothing.
      return { text: sentence, source, score: covered === 0 ? 0 : score / best + covered };
    }),
  );
  return sentences.filter(({ score }) => score > 0).sort((a, b) => b.score - a.score);
}
