import { describe, expect, it } from 'vitest';
import { callBuiltin, findBuiltin } from '../../../subgraphs/agents/builtin/callBuiltin.js';

interface Decided {
  decision: string;
  score: number;
  maxScore: number;
  reasons: { code: string; reason: string }[];
  signals: { code: string }[];
}

function run(endpoint: string, modelId: string, payload: unknown, maxAmountUsd: string | null = null) {
  const { answer, message } = callBuiltin(findBuiltin(endpoint, modelId)!, JSON.stringify(payload), payload, { maxAmountUsd });
  return { ...(answer?.output as unknown as Decided), text: answer?.text, message };
}

describe('the loan scorecard', () => {
  const solid = {
    amountUsd: 8_000,
    termMonths: 48,
    annualIncomeUsd: 72_000,
    monthlyDebtUsd: 400,
    creditScore: 765,
    employmentMonths: 80,
    delinquencies24Months: 0,
  };
  const loan = (more: object, variant = 'large', maxAmountUsd: string | null = null) =>
    run('builtin:loan-scorecard', `local/scorecard-${variant}`, { ...solid, ...more }, maxAmountUsd);

  it('approves the solid, without reasons', () => {
    expect(loan({})).toMatchObject({ decision: 'APPROVE', score: 300, maxScore: 300, reasons: [] });
    expect(loan({}, 'small')).toMatchObject({ decision: 'APPROVE', score: 200, maxScore: 200 });
    expect(loan({ amountUsd: '8000.00', annualIncomeUsd: '72000' })).toMatchObject({ decision: 'APPROVE' });
  });

  it('declines the hopeless, with the four reasons that cost the most points, worst first', () => {
    const hopeless = {
      amountUsd: 100_000,
      annualIncomeUsd: 20_000,
      creditScore: 480,
      delinquencies24Months: 5,
      employmentMonths: 0,
    };
    const { decision, score, reasons, text } = loan({ ...hopeless, yearsSinceBankruptcy: 1 });
    expect([decision, score]).toEqual(['DECLINE', 0]);
    expect(reasons.map(({ code }) => code)).toEqual(['R05', 'R02', 'R04', 'R01']);
    expect(text).toMatch(/^DECLINE, 0 of 300 points\. Reasons: R05 Credit score is low; R02 Excessive obligations/);
  });

  it('refers those in between to a person; the small card refers whom the large one can decide', () => {
    const middling = { creditScore: 690, delinquencies24Months: 1 };
    expect(loan(middling, 'small').decision).toBe('REFER');
    expect(loan(middling, 'large').decision).toBe('APPROVE');
    expect(loan({ ...middling, yearsSinceBankruptcy: 2, employmentMonths: 3 }, 'large')).toMatchObject({ decision: 'REFER' });
  });

  it('approves nothing above the authority of its agent', () => {
    expect(loan({}, 'large', '8000').decision).toBe('APPROVE');
    expect(loan({}, 'large', '7999.99')).toMatchObject({ decision: 'REFER', reasons: [{ code: 'A01' }] });
    expect(
      loan({ creditScore: 300, delinquencies24Months: 9, employmentMonths: 0, yearsSinceBankruptcy: 0 }, 'large', '1').decision,
    ).toBe('DECLINE');
  });

  it('never gives more points to more debts, less income or a worse score', () => {
    const scores = (more: object[]) => more.map((each) => loan(each).score);
    const falls = (list: number[]) => list.every((score, index) => index === 0 || score <= list[index - 1]!);
    expect(falls(scores([0, 500, 1_000, 2_000, 5_000].map((monthlyDebtUsd) => ({ monthlyDebtUsd }))))).toBe(true);
    expect(falls(scores([90_000, 50_000, 20_000, 5_000, 0].map((annualIncomeUsd) => ({ annualIncomeUsd }))))).toBe(true);
    expect(falls(scores([850, 760, 759, 700, 650, 600, 599, 300].map((creditScore) => ({ creditScore }))))).toBe(true);
  });

  it.each([
    ['nothing', null, /payload\.amountUsd must be.*payload\.creditScore must be/],
    ['no payload at all', 'a loan please', /payload must be an application/],
    ['a score out of range', { ...solid, creditScore: 900 }, /payload\.creditScore must be a whole number from 300 to 850/],
    ['a negative amount', { ...solid, amountUsd: -5 }, /payload\.amountUsd/],
    ['an amount of nothing', { ...solid, amountUsd: 0 }, /over 0/],
    ['an absurd amount', { ...solid, amountUsd: 1e300 }, /payload\.amountUsd must be from 0 to/],
    ['text for a number', { ...solid, annualIncomeUsd: 'plenty' }, /payload\.annualIncomeUsd/],
  ])('cannot answer %s, and says what is wrong', (_, payload, message) => {
    const { decision, message: said } = run('builtin:loan-scorecard', 'local/scorecard-large', payload);
    expect(decision).toBeUndefined();
    expect(said).toMatch(message);
    expect(said).not.toContain('plenty');
  });
});

describe('the fraud screen', () => {
  const honest = { amountUsd: 40, cardCountry: 'DE', ipCountry: 'DE', cvvMatches: true };
  const screen = (more: object, variant = 'large') =>
    run('builtin:fraud-screen', `local/fraud-${variant}`, { ...honest, ...more });

  it('allows what shows no sign', () => {
    expect(screen({})).toMatchObject({ decision: 'ALLOW', score: 0, signals: [] });
  });

  it('adds up signs as independent ones, heaviest first', () => {
    expect(screen({ cvvMatches: false, ipCountry: 'NG' }, 'small')).toMatchObject({
      decision: 'REVIEW',
      // 1 − 0.55 · 0.7
      score: 0.615,
      signals: [{ code: 'F01' }, { code: 'F02' }],
    });
    expect(screen({ cvvMatches: false, ipCountry: 'NG', amountUsd: 6_000 }).decision).toBe('BLOCK');
  });

  it('sees with the large model what the small one does not', () => {
    const sly = { amountUsd: 900, accountAgeDays: 1, email: 'x@Mailinator.com', shippingCountry: 'RU', merchantCategory: '5947' };
    expect(screen(sly, 'small').decision).toBe('ALLOW');
    expect(screen(sly, 'large')).toMatchObject({ decision: 'BLOCK' });
  });

  it.each([
    [{ cardCountry: 'Germany' }, /payload\.cardCountry must be a country of two letters/],
    [{ cvvMatches: 'yes' }, /payload\.cvvMatches must be true or false/],
    [{ localHour: 24 }, /payload\.localHour/],
    [{ merchantCategory: 'shop' }, /payload\.merchantCategory/],
  ])('cannot answer %o, and says what is wrong', (more, message) => {
    expect(screen(more).message).toMatch(message);
  });

  it('answers well under 100 ms', () => {
    screen({});
    const startedAt = performance.now();
    for (let round = 0; round < 100; round++) screen({ amountUsd: round * 100, email: `x@${'y'.repeat(300)}` });
    expect((performance.now() - startedAt) / 100).toBeLessThan(20);
  });
});
