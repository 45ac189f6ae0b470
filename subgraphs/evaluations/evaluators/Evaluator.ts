export type EvaluatorKind = 'EXACT_MATCH' | 'NUMERIC' | 'REGEX' | 'JSON_SCHEMA' | 'JUDGE';

/** How the answers to one class of tasks are judged. What a kind does not need is null. */
export interface Evaluator {
  readonly id: string;
  readonly tenant: string;
  readonly taskClass: string;
  readonly kind: EvaluatorKind;
  readonly enabled: boolean;
  /** REGEX: what must be found in the text, in RE2 syntax. */
  readonly pattern: string | null;
  /** JSON_SCHEMA: draft 2020-12, or draft 7 when its `$schema` says so. */
  readonly schema: unknown;
  /** NUMERIC: how far off an answer may be, as a plain decimal. */
  readonly tolerance: string | null;
  /** JUDGE: what a good answer is, in words. */
  readonly rubric: string | null;
  /** JUDGE: the class of tasks that the judge's work is. */
  readonly judgeTaskClass: string | null;
  /** JUDGE: from this score on an answer passes. */
  readonly passScore: number | null;
  /** JUDGE: what one judgement may cost, USD. */
  readonly maxCostUsd: string | null;
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** What an evaluator reads: the task as it was asked, and its answer. */
export interface Answered {
  readonly prompt: string;
  /** The right answer, where it came with the task. */
  readonly reference: string | null;
  readonly text: string;
  readonly output: unknown;
}

/** `score` is from 0 to 1. */
export interface Verdict {
  readonly passed: boolean;
  readonly score: number;
  readonly explanation: string;
}

/** Passed or not, with nothing in between. */
export function verdict(passed: boolean, explanation: string): Verdict {
  return { passed, score: passed ? 1 : 0, explanation };
}

/** What the evaluations of each kind measure. */
export const METRIC: Readonly<Record<EvaluatorKind, string>> = {
  EXACT_MATCH: 'exact_match',
  NUMERIC: 'numeric',
  REGEX: 'regex',
  JSON_SCHEMA: 'schema',
  JUDGE: 'judge',
};
