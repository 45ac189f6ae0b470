import { z } from 'zod';
import type { LocalAnswer } from './LocalAnswer.js';
import { country, readPayload, usd, whole, yesOrNo } from './readPayload.js';

const Payment = z.object(
  {
    amountUsd: usd,
    cardCountry: country,
    ipCountry: country,
    shippingCountry: country.nullish(),
    cvvMatches: yesOrNo,
    addressMatches: yesOrNo.nullish(),
    accountAgeDays: whole(0, 100_000).nullish(),
    deviceKnown: yesOrNo.nullish(),
    email: z.string({ error: 'must be a text' }).max(320, 'has over 320 characters').nullish(),
    merchantCategory: z
      .string({ error: 'must be a category code of four digits' })
      .regex(/^\d{4}$/, 'must be a category code of four digits')
      .nullish(),
    /** Of the card holder, 0 to 23. */
    localHour: whole(0, 23).nullish(),
  },
  { error: 'must be a payment' },
);

type Payment = z.infer<typeof Payment>;

/** A sign of fraud. What is not told is no sign. */
interface Signal {
  readonly code: string;
  readonly reason: string;
  /** How probable fraud is when there is no other sign, 0 to 1. */
  readonly weight: number;
  readonly shows: (payment: Payment) => boolean;
}

const THROWAWAY = new Set([
  'mailinator.com',
  'guerrillamail.com',
  '10minutemail.com',
  'tempmail.com',
  'yopmail.com',
  'trashmail.com',
]);
/** Gambling, money orders, gift cards, crypto: what is bought there can be sold on at once. */
const LIQUID = new Set(['7995', '6051', '6540', '4829', '5947']);

const CVV: Signal = {
  code: 'F01',
  reason: 'The security code does not match',
  weight: 0.45,
  shows: ({ cvvMatches }) => !cvvMatches,
};
const PLACE: Signal = {
  code: 'F02',
  reason: 'Card and network are in different countries',
  weight: 0.3,
  shows: ({ cardCountry, ipCountry }) => cardCountry !== ipCountry,
};
const LARGE: Signal = { code: 'F03', reason: 'The amount is large', weight: 0.2, shows: ({ amountUsd }) => amountUsd >= 1_000 };

const SIGNALS: Readonly<Record<'small' | 'large', readonly Signal[]>> = {
  small: [CVV, PLACE, LARGE],
  large: [
    CVV,
    PLACE,
    LARGE,
    { code: 'F04', reason: 'The amount is very large', weight: 0.25, shows: ({ amountUsd }) => amountUsd >= 5_000 },
    { code: 'F05', reason: 'The address does not match', weight: 0.2, shows: ({ addressMatches }) => addressMatches === false },
    {
      code: 'F06',
      reason: 'A new account spends much',
      weight: 0.35,
      shows: ({ accountAgeDays, amountUsd }) => typeof accountAgeDays === 'number' && accountAgeDays < 7 && amountUsd >= 200,
    },
    { code: 'F07', reason: 'The device is new', weight: 0.1, shows: ({ deviceKnown }) => deviceKnown === false },
    {
      code: 'F08',
      reason: 'The mail address is a throw-away one',
      weight: 0.4,
      shows: ({ email }) => THROWAWAY.has((email ?? '').slice((email ?? '').lastIndexOf('@') + 1).toLowerCase()),
    },
    {
      code: 'F09',
      reason: 'The goods go to another country than the card',
      weight: 0.2,
      shows: ({ shippingCountry, cardCountry }) => !!shippingCountry && shippingCountry !== cardCountry,
    },
    {
      code: 'F10',
      reason: 'The goods can be sold on at once',
      weight: 0.15,
      shows: ({ merchantCategory }) => LIQUID.has(merchantCategory ?? ''),
    },
    {
      code: 'F11',
      reason: 'It is the middle of the night',
      weight: 0.08,
      shows: ({ localHour }) => typeof localHour === 'number' && localHour < 5,
    },
  ],
};

const BLOCK_FROM = 0.7;
const REVIEW_FROM = 0.35;

/**
 * Screens one payment by itself: ALLOW, REVIEW or BLOCK, with the signals that were seen. Signals count as independent:
 * score = 1 − Π(1 − weight). Nothing is remembered between calls, so that how often a card was used is not among them.
 * An illustration: its weights are made up, not fitted to anybody's losses.
 */
export function screenFraud(payload: unknown, variant: 'small' | 'large'): LocalAnswer {
  const payment = readPayload(Payment, payload);
  const seen = SIGNALS[variant].filter(({ shows }) => shows(payment)).sort((a, b) => b.weight - a.weight);
  const score = Math.round((1 - seen.reduce((rest, { weight }) => rest * (1 - weight), 1)) * 1_000) / 1_000;
  const decision = score >= BLOCK_FROM ? 'BLOCK' : score >= REVIEW_FROM ? 'REVIEW' : 'ALLOW';
  const signals = seen.map(({ code, reason, weight }) => ({ code, reason, weight }));
  const why = signals.length === 0 ? '' : ` Signals: ${signals.map(({ code, reason }) => `${code} ${reason}`).join('; ')}.`;
  return { text: `${decision}, score ${score}.${why}`, output: { decision, score, signals } };
}
