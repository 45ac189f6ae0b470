/** What is believed of the success of an agent with a model at a task class. Pure: time is an argument. */
export interface Posterior {
  readonly alpha: number;
  readonly beta: number;
  /** Evaluations of success, whatever their age. */
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

/** Metrics that say whether the work succeeded. Others are kept and shown, and change no belief about success. */
const SUCCESS_METRICS = new Set(['completion', 'correct', 'exact_match']);

export interface Finding {
  readonly metric: string;
  readonly score: number;
  readonly passed: boolean;
  readonly atMs: number;
}

/** The belief after one more finding. What is a week old counts half; a finding older than the belief counts as of then. */
export function updatePosterior(posterior: Posterior, { metric, score, passed, atMs }: Finding): Posterior {
  const faded = fade(posterior, atMs);
  if (SUCCESS_METRICS.has(metric)) {
    return { ...faded, alpha: faded.alpha + (passed ? 1 : 0), beta: faded.beta + (passed ? 0 : 1), samples: faded.samples + 1 };
  }
  if (metric === 'goal') return { ...faded, goalSum: faded.goalSum + score, goalCount: faded.goalCount + 1 };
  if (metric === 'hallucination') {
    return { ...faded, hallucinated: faded.hallucinated + (passed ? 0 : 1), hallucinationCount: faded.hallucinationCount + 1 };
  }
  return posterior;
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
  const mean = total.alpha / (total.alpha + total.beta);
  const [lower, upper] = interval(total.alpha, total.beta);
  const measured = total.samples > 0;
  return {
    samples: total.samples,
    successRate: measured ? mean : null,
    lowerBound: measured ? lower : null,
    upperBound: measured ? upper : null,
    goalAchievement: total.goalCount > 0 ? total.goalSum / total.goalCount : null,
    hallucinationRate: total.hallucinationCount > 0 ? total.hallucinated / total.hallucinationCount : null,
  };
}

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

const Z95 = 1.959964;

/**
 * 95 %, by Wilson's score (1927) over the faded counts, prior included: in closed form, within 0 and 1, and wide while samples are few.
 */
function interval(alpha: number, beta: number): [number, number] {
  const n = alpha + beta;
  const p = alpha / n;
  const centre = (p + Z95 ** 2 / (2 * n)) / (1 + Z95 ** 2 / n);
  const spread = (Z95 / (1 + Z95 ** 2 / n)) * Math.sqrt((p * (1 - p)) / n + Z95 ** 2 / (4 * n ** 2));
  return [Math.max(0, centre - spread), Math.min(1, centre + spread)];
}
