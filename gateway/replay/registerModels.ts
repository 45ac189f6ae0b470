import { setTimeout as delay } from 'node:timers/promises';
import type { Pricing } from '../../subgraphs/shared/pricing.js';
import type { MeshClient } from '../apply/meshClient.js';
import { MeshError } from '../errors.js';

/** How a recorded model is called in the mesh. */
export interface Registered {
  /** What the recordings call it. */
  readonly model: string;
  readonly modelId: string;
  readonly agentId: string;
}

const CLASSES_PER_SKILL = 100;
const HEARD_MS = 10_000;

/**
 * Registers each recorded model with its prices, and an LLM agent that uses it for every task class of the recordings; `run` makes their
 * ids new. Resolves once the gateway routes to all of them. Throws APPLY_FAILED with what the mesh refused.
 */
export async function registerModels(
  client: MeshClient,
  options: { prices: ReadonlyMap<string, Pricing>; taskClasses: readonly string[]; endpoint: string; run: string },
): Promise<Registered[]> {
  const { prices, taskClasses, endpoint, run } = options;
  const registered: Registered[] = [];
  for (const [model, { inputPerMTokUsd, outputPerMTokUsd }] of prices) {
    const modelId = `recorded/${model}${run}`;
    const agentId = `recorded-${model}${run}`;
    const pricing = { inputPerMTokUsd, outputPerMTokUsd };
    await accepted(
      client,
      `mutation ($input: ModelRegisterInput!) { done: modelRegister(input: $input) { userErrors { code message } } }`,
      { input: { id: modelId, provider: 'recorded', name: model, endpoint, pricing } },
    );
    await accepted(
      client,
      `mutation ($id: ID!) { done: modelSetApproval(id: $id, status: APPROVED, reason: "recorded answers") { userErrors { code message } } }`,
      { id: modelId },
    );
    await accepted(
      client,
      `mutation ($input: AgentRegisterInput!) { done: agentRegister(input: $input) { userErrors { code message } } }`,
      {
        input: { id: agentId, name: `${model}, recorded`, transport: 'LLM', skills: skillsOf(taskClasses), modelIds: [modelId] },
      },
    );
    registered.push({ model, modelId, agentId });
  }
  await untilRouted(client, registered, taskClasses[0]!);
  return registered;
}

function skillsOf(taskClasses: readonly string[]): { id: string; name: string; taskClasses: readonly string[] }[] {
  const parts = Math.ceil(taskClasses.length / CLASSES_PER_SKILL);
  return Array.from({ length: parts }, (_, part) => ({
    id: `recorded-${part + 1}`,
    name: 'Recorded answers',
    taskClasses: taskClasses.slice(part * CLASSES_PER_SKILL, (part + 1) * CLASSES_PER_SKILL),
  }));
}

async function accepted(client: MeshClient, mutation: string, variables: Record<string, unknown>): Promise<void> {
  const { done } = await client<{ done: { userErrors: { code: string; message: string }[] } }>(mutation, variables);
  const [refused] = done.userErrors;
  if (refused) throw new MeshError('APPLY_FAILED', `The mesh refused a recorded model: ${refused.code}: ${refused.message}`);
}

/** The gateway hears of them by event, in a moment. */
async function untilRouted(client: MeshClient, registered: readonly Registered[], taskClass: string): Promise<void> {
  interface Seen {
    routePreview: Record<'agent', Id | null> & Record<'fallbacks' | 'rejected', { agent: Id | null; code?: string }[]>;
  }
  type Id = { id: string };
  const until = performance.now() + HEARD_MS;
  while (performance.now() < until) {
    const { routePreview } = await client<Seen>(
      `query ($taskClass: String!) { routePreview(input: { taskClass: $taskClass, prompt: "?" }) {
         agent { id } fallbacks { agent { id } } rejected { agent { id } code } } }`,
      { taskClass },
    );
    const known = [
      routePreview,
      ...routePreview.fallbacks,
      ...routePreview.rejected.filter(({ code }) => code === 'BELOW_QUALITY'),
    ];
    const ids = new Set(known.map(({ agent }) => agent?.id));
    if (registered.every(({ agentId }) => ids.has(agentId))) return;
    await delay(20);
  }
  throw new MeshError(
    'APPLY_FAILED',
    `The gateway does not route ${taskClass} to the recorded models. \`routePreview\` says why in \`rejected\`; a gateway that runs elsewhere needs this machine in MESH_EGRESS_ALLOW.`,
  );
}
