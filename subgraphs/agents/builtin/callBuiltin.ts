import type { Usage } from '../../shared/pricing.js';
import { answerFromDocs } from './answerFromDocs.js';
import { countTokens } from './countTokens.js';
import { doArithmetic } from './doArithmetic.js';
import { CannotAnswer, type Authority, type LocalAnswer } from './LocalAnswer.js';
import { scoreLoan } from './scoreLoan.js';
import { screenFraud } from './screenFraud.js';

export interface BuiltinResult {
  readonly usage: Usage;
  /** Undefined: it could not answer, and `message` says why. What it read was read all the same. */
  readonly answer: LocalAnswer | undefined;
  readonly message: string | null;
}

/** `prompt` is all that the agent reads, `payload` what of it was given as data. */
type Algorithm = (prompt: string, payload: unknown, authority: Authority) => LocalAnswer;

/** Which algorithm each local model is, for each built-in agent. */
const ALGORITHMS: Readonly<Record<string, Readonly<Record<string, Algorithm>>>> = {
  'builtin:docs': {
    'local/lexical-small': (prompt) => answerFromDocs(prompt, 'small'),
    'local/lexical-large': (prompt) => answerFromDocs(prompt, 'large'),
  },
  'builtin:arithmetic': {
    'local/arithmetic-small': (prompt) => doArithmetic(prompt, 'small'),
    'local/arithmetic-large': (prompt) => doArithmetic(prompt, 'large'),
  },
  'builtin:loan-scorecard': {
    'local/scorecard-small': (_, payload, authority) => scoreLoan(payload, 'small', authority),
    'local/scorecard-large': (_, payload, authority) => scoreLoan(payload, 'large', authority),
  },
  'builtin:fraud-screen': {
    'local/fraud-small': (_, payload) => screenFraud(payload, 'small'),
    'local/fraud-large': (_, payload) => screenFraud(payload, 'large'),
  },
};

export function findBuiltin(endpoint: string | null, modelId: string): Algorithm | undefined {
  return ALGORITHMS[endpoint ?? '']?.[modelId];
}

/** Computes in this process, at once. Throws only on bugs. */
export function callBuiltin(
  algorithm: Algorithm,
  prompt: string,
  payload: unknown = null,
  authority: Authority = { maxAmountUsd: null },
): BuiltinResult {
  const inputTokens = countTokens(prompt);
  try {
    const answer = algorithm(prompt, payload, authority);
    return { usage: { inputTokens, cachedInputTokens: 0, outputTokens: countTokens(answer.text) }, answer, message: null };
  } catch (error) {
    if (!(error instanceof CannotAnswer)) throw error;
    return { usage: { inputTokens, cachedInputTokens: 0, outputTokens: 0 }, answer: undefined, message: error.message };
  }
}
