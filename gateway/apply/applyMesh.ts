import { MeshError } from '../errors.js';
import type { MeshChange } from './difference.js';
import type { MeshClient } from './meshClient.js';
import type { MeshFile } from './meshFile.js';

interface Payload {
  readonly payload: {
    readonly userErrors: readonly { readonly code: string; readonly message: string; readonly path: readonly string[] }[];
  } | null;
}

/**
 * Carries the changes out one by one through the public API and calls `onApplied` after each. Nothing is undone when one is refused:
 * the rest is still tried, and APPLY_FAILED lists what was applied and what was not and why. Applying again does only what is left.
 */
export async function applyChanges(
  client: MeshClient,
  file: MeshFile,
  changes: readonly MeshChange[],
  onApplied: (change: MeshChange) => void,
): Promise<void> {
  const applied: string[] = [];
  const refused: string[] = [];
  for (const change of changes) {
    if (change.action === 'none') continue;
    let done = 0;
    try {
      for (const { mutation, variables } of mutationsFor(file, change)) {
        const { payload } = await client<Payload>(mutation, variables);
        const [error] = payload?.userErrors ?? [];
        if (error) throw new MeshError(error.code, `${error.message}${error.path.length ? ` (${error.path.join('.')})` : ''}`);
        done++;
      }
      onApplied(change);
      applied.push(`${change.kind} ${change.id}`);
    } catch (error) {
      if (!(error instanceof MeshError)) throw error;
      refused.push(`${change.kind} ${change.id}${done > 0 ? ' (in part)' : ''}: ${error.code}: ${error.message}`);
    }
  }
  if (refused.length > 0) {
    const lines = [
      `The mesh refused ${refused.length} of ${refused.length + applied.length} change(s).`,
      'Not applied:',
      ...refused.map((line) => `  ${line}`),
      'Applied:',
      ...(applied.length > 0 ? applied : ['nothing']).map((line) => `  ${line}`),
    ];
    throw new MeshError('APPLY_FAILED', lines.join('\n'), { extensions: { applied, refused } });
  }
}

interface Mutation {
  readonly mutation: string;
  readonly variables: Record<string, unknown>;
}

const payload = '{ userErrors { code message path } }';
const MODEL_REGISTER = `mutation ($input: ModelRegisterInput!) { payload: modelRegister(input: $input) ${payload} }`;
const MODEL_SET_APPROVAL = `mutation ($id: ID!, $status: ApprovalStatus!, $reason: String) {
  payload: modelSetApproval(id: $id, status: $status, reason: $reason) ${payload} }`;
const AGENT_REGISTER = `mutation ($input: AgentRegisterInput!) { payload: agentRegister(input: $input) ${payload} }`;
const AGENT_UPDATE = `mutation ($input: AgentUpdateInput!) { payload: agentUpdate(input: $input) ${payload} }`;
const AGENT_SET_STATUS = `mutation ($id: ID!, $status: AgentStatus!) { payload: agentSetStatus(id: $id, status: $status) ${payload} }`;
const BUDGET_SET = `mutation ($input: BudgetInput!) { payload: budgetSet(input: $input) ${payload} }`;
const POLICY_PUT = `mutation ($input: PolicyPutInput!) { payload: policyPut(input: $input) ${payload} }`;
const EVALUATOR_SET = `mutation ($input: EvaluatorInput!) { payload: evaluatorSet(input: $input) ${payload} }`;

function mutationsFor(file: MeshFile, change: MeshChange): Mutation[] {
  switch (change.kind) {
    case 'models':
      return modelMutations(entry(file.models, change), change);
    case 'agents':
      return agentMutations(entry(file.agents, change), change);
    case 'budgets':
      return [{ mutation: BUDGET_SET, variables: { input: entry(file.budgets, change) } }];
    case 'policies':
      return [{ mutation: POLICY_PUT, variables: { input: entry(file.policies, change) } }];
    case 'evaluators':
      return [{ mutation: EVALUATOR_SET, variables: { input: entry(file.evaluators, change) } }];
  }
}

function entry<Entry extends { id: string }>(entries: readonly Entry[], { id }: MeshChange): Entry {
  return entries.find((candidate) => candidate.id === id)!;
}

function modelMutations({ approval, ...input }: MeshFile['models'][number], change: MeshChange): Mutation[] {
  const register = { mutation: MODEL_REGISTER, variables: { input } };
  const approve = {
    mutation: MODEL_SET_APPROVAL,
    variables: { id: input.id, status: approval, reason: 'stated in the mesh file' },
  };
  const changed = new Set(change.fields.map(({ name }) => name));
  if (change.action === 'create') return approval === 'PENDING' ? [register] : [register, approve];
  return [...(changed.has('approval') && changed.size === 1 ? [] : [register]), ...(changed.has('approval') ? [approve] : [])];
}

function agentMutations({ status, models, supervisor, ...agent }: MeshFile['agents'][number], change: MeshChange): Mutation[] {
  const setStatus = { mutation: AGENT_SET_STATUS, variables: { id: agent.id, status } };
  if (change.action === 'create') {
    const register = { mutation: AGENT_REGISTER, variables: { input: { ...agent, modelIds: models, supervisorId: supervisor } } };
    return status === 'ACTIVE' ? [register] : [register, setStatus];
  }
  const changed = new Set(change.fields.map(({ name }) => name));
  const { role: _role, transport: _transport, ...rest } = agent;
  const update = { mutation: AGENT_UPDATE, variables: { input: { ...rest, modelIds: models, supervisorId: supervisor } } };
  return [...(changed.has('status') && changed.size === 1 ? [] : [update]), ...(changed.has('status') ? [setStatus] : [])];
}
