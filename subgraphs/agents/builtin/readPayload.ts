import { z } from 'zod';
import { CannotAnswer } from './LocalAnswer.js';

const MAX_PROBLEMS = 10;

/** The payload as the algorithm needs it. Throws CannotAnswer that names every field which is missing or wrong, and no value. */
export function readPayload<Payload>(schema: z.ZodType<Payload>, payload: unknown): Payload {
  const parsed = schema.safeParse(payload ?? {});
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues
    .slice(0, MAX_PROBLEMS)
    .map(({ path, message }) => `${['payload', ...path].join('.')} ${message}`);
  throw new CannotAnswer(problems.join('; '));
}

/** US dollars as a number or a decimal string; at most a billion. */
export const usd = z
  .union([z.number(), z.string().regex(/^\d{1,12}(\.\d{1,12})?$/)], { error: 'must be an amount in US dollars' })
  .transform(Number)
  .refine((amount) => Number.isFinite(amount) && amount >= 0 && amount <= 1e9, 'must be from 0 to 1000000000 US dollars');

export function whole(min: number, max: number) {
  const error = `must be a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, error).max(max, error);
}

export const yesOrNo = z.boolean({ error: 'must be true or false' });

/** Two letters, as ISO 3166 has them. */
export const country = z
  .string({ error: 'must be a country of two letters' })
  .regex(/^[A-Z]{2}$/, 'must be a country of two letters');
