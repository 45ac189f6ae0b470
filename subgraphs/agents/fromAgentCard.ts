import { badInput, type UserError } from '../shared/userErrors.js';
import type { AgentRegisterInput } from './changeAgent.js';
import type { Egress } from './egress/createEgress.js';
import { CardError, readAgentCard } from './transports/readAgentCard.js';
import { skillsOfCard } from './transports/skillsOfCard.js';

const TIMEOUT_MS = 5_000;

/**
 * Fills in what the AgentCard says and the input does not: endpoint, description, skills. Outside of any transaction, because another
 * server is asked. Resolves to the reasons when the card cannot be had or believed.
 */
export async function fromAgentCard(
  input: AgentRegisterInput,
  egress: Egress,
): Promise<{ readonly input: AgentRegisterInput } | { readonly userErrors: readonly UserError[] }> {
  const { agentCardUrl } = input;
  if (agentCardUrl === undefined || agentCardUrl === null) return { input };
  const refused = (message: string) => ({ userErrors: [badInput(['input', 'agentCardUrl'], message)] });
  if (input.transport !== 'A2A') return refused('Only agents of transport A2A have an AgentCard.');
  if (input.endpoint && input.endpoint !== agentCardUrl)
    return refused('The endpoint of an A2A agent is its AgentCard; give one of the two.');
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const card = await readAgentCard(egress, agentCardUrl, signal);
    const skills = input.skills.length > 0 ? input.skills : skillsOfCard(card);
    return { input: { ...input, endpoint: agentCardUrl, description: input.description ?? (card.description || null), skills } };
  } catch (error) {
    if (error instanceof CardError) return refused(error.message);
    if (signal.aborted) return refused(`The AgentCard cannot be had: its host did not answer within ${TIMEOUT_MS / 1_000} s.`);
    throw error;
  }
}
