import { betaQuantile } from './betaQuantile.js';

/** What is believed of the success of an agent with a model at a task class. Pure: time is an argument. */
export interface Posterior {
  readonly alpha: number;
  readonly beta: number;
  /** Samples of success, whatever their age: a task is one sample, however much was found about it. */
  readonly samples: number;
  readonly goalSum: number;
  readonly goalCount: number;
  readonly hallucinated: number;
  readonly hallucinationCount: number;
  /** Epoch milliseconds: when alpha and beta were last brought up to date. */
  readonly atMs: number;
}

/** Beta(1, 1): every rate of success is as likely as any other. */
export const PRIOR = { alpha: 1, beta: 1, samples: 0, goalSum: 0, goalCount: 0, hallucinated: 0, hallucinationCount: 0 } as const;

const HALF_LIFE_MS = 7 * 86_400_000;

/**
 * Metrics that say whether the work succeeded, and how much each counts: the highest that was found about a task decides about it, and
 * the others of that task then say nothing. Other metrics are kept and shown, and change no belief about success.
 */
const RANK: Readonly<Record<string, number>> = {
  /** It gave an answer. */
  completion: 0,
  exact_match: 1,
  numeric: 1,
  regex: 1,
  schema: 1,
  judge: 1,
  /** Said by a person, or by whoever knows. */
  correct: 2,
};

export interface Finding {
  readonly metric: string;
  readonly score: number;
  readonly passed: boolean;
  readonly atMs: number;
}

/**
 * The belief after one more finding. `earlier` is what was found before about the same task, of the same agent and model: together they
 * are one sample, so that the finding may take back what the earlier ones had added. What is a week old counts half.
 * The order in which findings come does not matter.
 */
export function updatePosterior(posterior: Posterior, finding: Finding, earlier: readonly Finding[] = []): Posterior {
  const { metric, score, passed } = finding;
  if (metric in RANK) return replaceSample(posterior, sampleOf(earlier), sampleOf([...earlier, finding]));
  if (metric === 'goal') return { ...posterior, goalSum: posterior.goalSum + score, goalCount: posterior.goalCount + 1 };
  if (metric === 'hallucination') {
    return {
      ...posterior,
      hallucinated: posterior.hallucinated + (passed ? 0 : 1),
      hallucinationCount: posterior.hallucinationCount + 1,
    };
  }
  return posterior;
}

interface Sample {
  readonly passed: boolean;
  readonly atMs: number;
}

/** What the findings about one task say together: those of the highest rank must all have passed. It is as old as the first of all. */
function sampleOf(findings: readonly Finding[]): Sample | null {
  const telling = findings.filter(({ metric }) => metric in RANK);
  if (telling.length === 0) return null;
  const highest = Math.max(...telling.map(({ metric }) => RANK[metric]!));
  return {
    passed: telling.every(({ metric, passed }) => passed || RANK[metric]! < highest),
    atMs: Math.min(...telling.map(({ atMs }) => atMs)),
  };
}

function replaceSample(posterior: Posterior, before: Sample | null, after: Sample | null): Posterior {
  const faded = fade(posterior, after?.atMs ?? posterior.atMs);
  const taken = before === null ? faded : addSample(faded, before, -1);
  return after === null ? taken : addSample(taken, after, 1);
}

/** A sample that is older than the belief has faded by as much as if it had been there all the time. */
function addSample(posterior: Posterior, { passed, atMs }: Sample, sign: 1 | -1): Posterior {
  const weight = sign * 0.5 ** ((posterior.atMs - atMs) / HALF_LIFE_MS);
  // Taking back what was added leaves it where it was but for rounding; the prior is never undercut.
  return {
    ...posterior,
    alpha: Math.max(PRIOR.alpha, posterior.alpha + (passed ? weight : 0)),
    beta: Math.max(PRIOR.beta, posterior.beta + (passed ? 0 : weight)),
    samples: posterior.samples + sign,
  };
}

export function fade(posterior: Posterior, nowMs: number): Posterior {
  const keep = 0.5 ** (Math.max(0, nowMs - posterior.atMs) / HALF_LIFE_MS);
  return {
    ...posterior,
    alpha: PRIOR.alpha + (posterior.alpha - PRIOR.alpha) * keep,
    beta: PRIOR.beta + (posterior.beta - PRIOR.beta) * keep,
    atMs: Math.max(posterior.atMs, nowMs),
  };
}

export interface Quality {
  readonly samples: number;
  readonly successRate: number | null;
  readonly lowerBound: number | null;
  readonly upperBound: number | null;
  readonly goalAchievement: number | null;
  readonly hallucinationRate: number | null;
}

/** Several beliefs as one. Null: nothing was ever found. */
export function toQuality(posteriors: readonly Posterior[], nowMs: number): Quality | null {
  const total = posteriors
    .map((posterior) => fade(posterior, nowMs))
    .reduce<Posterior>((sum, each) => add(sum, each), { ...PRIOR, atMs: nowMs });
  if (total.samples + total.goalCount + total.hallucinationCount === 0) return null;
  const { alpha, beta } = total;
  const measured = total.samples > 0;
  return {
    samples: total.samples,
    successRate: measured ? alpha / (alpha + beta) : null,
    lowerBound: measured ? betaQuantile(TAIL, alpha, beta) : null,
    upperBound: measured ? betaQuantile(1 - TAIL, alpha, beta) : null,
    goalAchievement: total.goalCount > 0 ? total.goalSum / total.goalCount : null,
    hallucinationRate: total.hallucinationCount > 0 ? total.hallucinated / total.hallucinationCount : null,
  };
}

/** The interval holds 95 %, and leaves out as much on either side. */
const TAIL = 0.025;

function add(sum: Posterior, each: Posterior): Posterior {
  return {
    alpha: sum.alpha + each.alpha - PRIOR.alpha,
    beta: sum.beta + each.beta - PRIOR.beta,
    samples: sum.samples + each.samples,
    goalSum: sum.goalSum + each.goalSum,
    goalCount: sum.goalCount + each.goalCount,
    hallucinated: sum.hallucinated + each.hallucinated,
    hallucinationCount: sum.hallucinationCount + each.hallucinationCount,
    atMs: sum.atMs,
  };
}
