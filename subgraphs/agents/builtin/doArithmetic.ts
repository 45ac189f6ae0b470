import { evaluateExpression, NotAnExpression } from './evaluateExpression.js';
import { formatRational } from './rational.js';
import { wordsToExpression } from './wordsToExpression.js';
import { CannotAnswer, type LocalAnswer } from './LocalAnswer.js';
import { refuseLongPrompt, withoutEnd } from './promptText.js';

/** `small` reads symbols only; `large` reads words as well. Throws CannotAnswer for what it cannot read or what has no result. */
export function doArithmetic(prompt: string, variant: 'small' | 'large'): LocalAnswer {
  refuseLongPrompt(prompt);
  try {
    const expression = variant === 'small' ? withoutEnd(prompt, /[=?\s]/) : wordsToExpression(prompt);
    const result = formatRational(evaluateExpression(expression));
    return { text: result, output: { expression, result } };
  } catch (error) {
    if (error instanceof NotAnExpression || error instanceof RangeError) throw new CannotAnswer(error.message);
    throw error;
  }
}
