import { z } from 'zod';
import { callBuiltin, findBuiltin } from '../builtin/callBuiltin.js';
import { promptOf } from '../promptOf.js';
import type { Usage } from '../../shared/pricing.js';

/** What of the JSON contract's request an algorithm needs. */
export const DaprRequest = z.object({
  attemptId: z.string().min(1).max(200),
  taskId: z.string().max(200),
  prompt: z.string().nullish(),
  payload: z.unknown(),
  model: z.object({ id: z.string().max(200) }),
});
export type DaprRequest = z.infer<typeof DaprRequest>;

/** The JSON contract's reply. */
export interface DaprReply {
  readonly text?: string;
  readonly output?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message: string };
  readonly usage?: Usage;
}

/** Answers with a built-in agent's algorithm; what it cannot do it says. */
export function answerAsBuiltin(builtin: string, { prompt = null, payload, model }: DaprRequest): DaprReply {
  const algorithm = findBuiltin(builtin, model.id);
  if (!algorithm) return { error: { message: `${builtin} has no algorithm ${model.id}` } };
  const { answer, usage, message } = callBuiltin(algorithm, promptOf({ input: { taskClass: '', prompt, payload } }), payload);
  return answer ? { ...answer, usage } : { error: { message: message ?? 'it cannot answer this' }, usage };
}
