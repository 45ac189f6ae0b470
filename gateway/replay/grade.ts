import type { Recording } from './recordings.js';

/**
 * Whether a model answered a recorded prompt rightly: by the gold answer where there is one and the text was kept, otherwise as it was
 * judged when it was recorded. Undefined: the model has no recorded answer.
 */
export function grade({ gold, answers }: Recording, model: string): boolean | undefined {
  const answer = answers.get(model);
  if (!answer) return undefined;
  if (gold === null || answer.text === null) return answer.correct;
  const [said, right] = [lastNumber(answer.text), lastNumber(gold)];
  return right === undefined ? answer.text.trim().endsWith(gold.trim()) : said === right;
}

/** The number that a worked answer ends with: after `####` where the answer has that sign, otherwise the last one in it. */
function lastNumber(text: string): number | undefined {
  const marked = /####\s*(.+)/.exec(text)?.[1] ?? text;
  const found = marked
    .replaceAll(/(?<=\d),(?=\d{3}(?!\d))/g, '')
    .match(/-?\d+(?:\.\d+)?/g)
    ?.at(-1);
  return found === undefined ? undefined : Number(found);
}
