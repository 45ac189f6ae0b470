import { z } from 'zod';
import type { Authority, LocalAnswer } from './LocalAnswer.js';
import { readPayload, usd, whole } from './readPayload.js';

const Application = z.object(
  {
    amountUsd: usd.refine((amount) => amount > 0, 'must be over 0 US dollars'),
    termMonths: whole(1, 480),
    annualIncomeUsd: usd,
    monthlyDebtUsd: usd,
    creditScore: whole(300, 850),
    employmentMonths: whole(0, 900).default(0),
    delinquencies24Months: whole(0, 100),
    /** Null: there was none. */
    yearsSinceBankruptcy: whole(0, 100).nullable().default(null),
  },
  { error: 'must be an application' },
);

type Application = z.infer<typeof Application>;

/** One row of the scorecard: points by the highest threshold that is reached, and what an applicant is told who lost the most here. */
interface Characteristic {
  readonly code: string;
  readonly reason: string;
  /** The larger the better. */
  readonly value: (application: Application) => number;
  /** [at least, points], best first; below the last: none. */
  readonly points: readonly (readonly [number, number])[];
}

const YEARLY_INTEREST = 0.12;

/** What is paid each month for this loan. */
function paymentUsd({ amountUsd, termMonths }: Application): number {
  const monthly = YEARLY_INTEREST / 12;
  return (amountUsd * monthly) / (1 - (1 + monthly) ** -termMonths);
}

/** The share of the income that goes into debts, this one included; 10 and more counts as 10. */
function debtToIncome(application: Application): number {
  const monthlyIncome = application.annualIncomeUsd / 12;
  const debts = application.monthlyDebtUsd + paymentUsd(application);
  return monthlyIncome === 0 ? 10 : Math.min(10, debts / monthlyIncome);
}

const SCORE: Characteristic = {
  code: 'R05',
  reason: 'Credit score is low',
  value: ({ creditScore }) => creditScore,
  points: [
    [760, 90],
    [720, 75],
    [680, 60],
    [640, 40],
    [600, 20],
  ],
};
const DEBTS: Characteristic = {
  code: 'R02',
  reason: 'Excessive obligations in relation to income',
  value: (application) => -debtToIncome(application),
  points: [
    [-0.2, 70],
    [-0.28, 60],
    [-0.36, 45],
    [-0.43, 25],
    [-0.5, 10],
  ],
};
const DELINQUENCIES: Characteristic = {
  code: 'R04',
  reason: 'Delinquent past or present credit obligations',
  value: ({ delinquencies24Months }) => -delinquencies24Months,
  points: [
    [0, 40],
    [-1, 22],
    [-2, 8],
  ],
};
const INCOME: Characteristic = {
  code: 'R01',
  reason: 'Income insufficient for the amount of credit requested',
  value: ({ amountUsd, annualIncomeUsd }) => (annualIncomeUsd === 0 ? -1_000 : -amountUsd / annualIncomeUsd),
  points: [
    [-0.25, 40],
    [-0.5, 32],
    [-1, 22],
    [-2, 10],
  ],
};
const EMPLOYMENT: Characteristic = {
  code: 'R03',
  reason: 'Length of employment',
  value: ({ employmentMonths }) => employmentMonths,
  points: [
    [60, 30],
    [24, 22],
    [12, 14],
    [6, 6],
  ],
};
const BANKRUPTCY: Characteristic = {
  code: 'R06',
  reason: 'Bankruptcy on record',
  value: ({ yearsSinceBankruptcy }) => yearsSinceBankruptcy ?? 1_000,
  points: [
    [1_000, 30],
    [7, 20],
    [4, 8],
  ],
};

/** The small card knows three characteristics and leaves more to people; the large one knows six. Shares of the most points there are. */
const CARDS = {
  small: { characteristics: [SCORE, DEBTS, DELINQUENCIES], approveFrom: 0.85, referFrom: 0.4 },
  large: { characteristics: [SCORE, DEBTS, DELINQUENCIES, INCOME, EMPLOYMENT, BANKRUPTCY], approveFrom: 0.7, referFrom: 0.5 },
} as const;

const MAX_REASONS = 4;
/** Nobody is lent to by a scorecard alone who would pay over half of the income for debts. */
const MOST_DEBT_TO_INCOME = 0.5;

/**
 * A points-based scorecard for consumer loans: APPROVE, REFER (a person decides) or DECLINE, with the up to four characteristics that
 * cost the most points as reasons for adverse action. An amount above the agent's authority is never approved, only referred.
 * An illustration: its points are made up, not fitted to anybody's losses.
 */
export function scoreLoan(payload: unknown, variant: 'small' | 'large', authority: Authority): LocalAnswer {
  const application = readPayload(Application, payload);
  const { characteristics, approveFrom, referFrom } = CARDS[variant];
  const rows = characteristics.map(({ code, reason, value, points }) => {
    const got = points.find(([atLeast]) => value(application) >= atLeast)?.[1] ?? 0;
    return { code, reason, points: got, maxPoints: points[0]![1] };
  });
  const score = rows.reduce((sum, { points }) => sum + points, 0);
  const maxScore = rows.reduce((sum, { maxPoints }) => sum + maxPoints, 0);
  const byPoints = score >= approveFrom * maxScore ? 'APPROVE' : score >= referFrom * maxScore ? 'REFER' : 'DECLINE';
  const ratio = debtToIncome(application);
  const limitUsd = authority.maxAmountUsd === null ? null : Number(authority.maxAmountUsd);
  const overAuthority = limitUsd !== null && application.amountUsd > limitUsd;
  const decision = byPoints === 'APPROVE' && (overAuthority || ratio > MOST_DEBT_TO_INCOME) ? 'REFER' : byPoints;
  const lost = rows
    .filter(({ points, maxPoints }) => points < maxPoints)
    .sort((a, b) => b.maxPoints - b.points - (a.maxPoints - a.points))
    .map(({ code, reason }) => ({ code, reason }));
  const authorityReason = { code: 'A01', reason: `The amount is above the agent's authority of ${authority.maxAmountUsd} USD` };
  const reasons = decision === 'APPROVE' ? [] : [...(overAuthority ? [authorityReason] : []), ...lost].slice(0, MAX_REASONS);
  const why = reasons.length === 0 ? '' : ` Reasons: ${reasons.map(({ code, reason }) => `${code} ${reason}`).join('; ')}.`;
  return {
    text: `${decision}, ${score} of ${maxScore} points.${why}`,
    output: {
      decision,
      score,
      maxScore,
      reasons,
      points: rows.map(({ code, points, maxPoints }) => ({ code, points, maxPoints })),
      debtToIncome: Math.round(ratio * 1_000) / 1_000,
      monthlyPaymentUsd: paymentUsd(application).toFixed(2),
    },
  };
}
