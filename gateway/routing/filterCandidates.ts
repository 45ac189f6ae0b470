import { formatUsd } from '../../subgraphs/shared/money.js';
import type { RejectedRoute } from '../../subgraphs/shared/routeHint.js';
import type { AgentRecord, ModelRecord } from '../../subgraphs/shared/snapshot.js';
import { estimateCost, expectedInputTokens, expectedQuality, smaller } from './estimate.js';
import { LATENCY_LIMIT_MS, type Candidate, type RoutingRequest } from './RoutingRequest.js';

/** Why somebody is not a candidate. */
interface Refusal {
  readonly code: string;
  readonly reason: string;
}

/** Measurements fewer than these say little of the 95th percentile. */
const MIN_LATENCY_SAMPLES = 5;

/** Every agent with each of its models: who may compute this, and for everybody else the first hard constraint that stands against it. */
export function filterCandidates(request: RoutingRequest): { candidates: Candidate[]; rejected: RejectedRoute[] } {
  const candidates: Candidate[] = [];
  const rejected: RejectedRoute[] = [];
  for (const agent of request.agents) {
    const refusal = refuseAgent(agent, request);
    if (refusal) {
      rejected.push({ agentId: agent.id, modelId: null, ...refusal });
      continue;
    }
    for (const modelId of agent.modelIds) {
      const model = request.model(modelId);
      const found = judge(agent, model, request);
      if ('code' in found) rejected.push({ agentId: agent.id, modelId, ...found });
      else candidates.push(found);
    }
  }
  return { candidates, rejected };
}

function refuseAgent(agent: AgentRecord, { input }: RoutingRequest): Refusal | undefined {
  const { taskClass, agentId, region } = input;
  if (!agent.skills.some((skill) => skill.taskClasses.includes(taskClass)))
    return { code: 'NO_SKILL', reason: `no skill for ${taskClass}` };
  if (agentId && agentId !== agent.id) return { code: 'NOT_REQUESTED', reason: `the input asks for the agent ${agentId}` };
  if (agent.status !== 'ACTIVE') return { code: 'NOT_ACTIVE', reason: `the agent is ${agent.status}` };
  if (region && agent.regions.length > 0 && !agent.regions.includes(region))
    return { code: 'REGION', reason: `the agent works in ${agent.regions.join(', ')} and not in ${region}` };
  if (agent.modelIds.length === 0) return { code: 'MODEL_NOT_APPROVED', reason: 'the agent has no model' };
  return undefined;
}

function judge(agent: AgentRecord, model: ModelRecord | undefined, request: RoutingRequest): Candidate | Refusal {
  const { input } = request;
  if (!model || model.tenant !== agent.tenant) return { code: 'MODEL_NOT_APPROVED', reason: 'the model is not registered' };
  if (model.approval !== 'APPROVED') return { code: 'MODEL_NOT_APPROVED', reason: `the model's approval is ${model.approval}` };
  const refusal = refuseModel(agent, model, request);
  if (refusal) return refusal;

  const latency = request.latency(agent.id, model.id);
  const limitMs = LATENCY_LIMIT_MS[input.latencyClass ?? 'INTERACTIVE'];
  if (limitMs !== null && latency && latency.samples >= MIN_LATENCY_SAMPLES && latency.p95Ms > limitMs)
    return { code: 'TOO_SLOW', reason: `its 95th percentile is ${Math.round(latency.p95Ms)} ms, and ${limitMs} ms are allowed` };

  const limit = smaller(request.limit, input.maxCostUsd);
  const { estimatedCost, cap } = estimateCost(input, agent, model, limit);
  if (limit !== null && estimatedCost > limit) {
    const reason = `it would cost about ${formatUsd(estimatedCost)} USD, and ${formatUsd(limit)} USD are allowed`;
    return { code: 'OVER_BUDGET', reason };
  }
  const forbidden = request.forbidden(agent, model);
  if (forbidden !== undefined) return { code: 'POLICY', reason: forbidden };
  const measured = request.quality(agent.id, model.id, input.taskClass);
  const { quality, hopedFor } = expectedQuality(agent, measured);
  const [samples, latencyMs] = [measured?.samples ?? 0, latency?.p50Ms ?? null];
  return { agent, model, estimatedCost, cap, quality, hopedFor, samples, latencyMs };
}

function refuseModel(agent: AgentRecord, model: ModelRecord, { input }: RoutingRequest): Refusal | undefined {
  const { taskClass, modelId, region } = input;
  if (modelId && modelId !== model.id) return { code: 'NOT_REQUESTED', reason: `the input asks for the model ${modelId}` };
  if (model.taskClasses.length > 0 && !model.taskClasses.includes(taskClass))
    return { code: 'NO_SKILL', reason: `the model is not for ${taskClass}` };
  const missing = (input.modality ?? []).filter((modality) => !model.modalities.includes(modality));
  if (missing.length > 0) return { code: 'MODALITY', reason: `the model does not take ${missing.join(', ')}` };
  if (region && model.regions.length > 0 && !model.regions.includes(region))
    return { code: 'REGION', reason: `the model runs in ${model.regions.join(', ')} and not in ${region}` };
  const tokens = expectedInputTokens(input, agent);
  if (model.contextWindow !== null && tokens > model.contextWindow)
    return { code: 'CONTEXT_WINDOW', reason: `about ${tokens} tokens do not fit into ${model.contextWindow}` };
  return undefined;
}
