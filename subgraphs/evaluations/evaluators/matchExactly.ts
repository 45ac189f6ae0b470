import { verdict, type Answered, type Verdict } from './Evaluator.js';

/**
 * Whether the answer is the reference, letter for letter but for what means nothing: case, white space, how Unicode writes a letter, and
 * the quotes, brackets and full stops around it. Null: the task came without a reference.
 */
export function matchExactly({ text, reference }: Answered): Verdict | null {
  if (reference === null) return null;
  const same = normalise(text) === normalise(reference);
  return verdict(same, same ? 'The answer is the reference.' : 'The answer is not the reference.');
}

const AROUND = /^["'`“”‘’()[\]{}*.!\s]+|["'`“”‘’()[\]{}*.!\s]+$/gu;

function normalise(text: string): string {
  return text.normalize('NFKC').toLowerCase().replace(/\s+/gu, ' ').replace(AROUND, '');
}
