import type { MeshClient } from './meshClient.js';
import type { MeshFile } from './meshFile.js';

/** What the mesh holds now under the ids that the file names, in the file's own shape. Absent: it does not exist yet. */
export interface CurrentMesh {
  readonly models: ReadonlyMap<string, MeshFile['models'][number]>;
  readonly agents: ReadonlyMap<string, MeshFile['agents'][number]>;
  readonly budgets: ReadonlyMap<string, MeshFile['budgets'][number]>;
  readonly policies: ReadonlyMap<string, MeshFile['policies'][number]>;
  readonly evaluators: ReadonlyMap<string, MeshFile['evaluators'][number]>;
}

const MODEL = `id provider name modalities taskClasses contextWindow regions approval { status }
  pricing { inputPerMTokUsd outputPerMTokUsd cachedInputPerMTokUsd perRequestUsd }`;
const AGENT = `id name description role tier status transport endpoint instructions regions
  skills { id name tags taskClasses } authority { decisionKinds maxAmountUsd } models { id } supervisor { id }`;
const BUDGET = `id scope limitUsd period hard`;
const POLICY = `id cedar description tags enabled`;
const EVALUATOR = `id taskClass kind enabled pattern schema tolerance rubric judgeTaskClass passScore maxCostUsd`;

/** Reads them by id, in requests of at most 50 fields each. */
export async function readCurrent(client: MeshClient, file: MeshFile): Promise<CurrentMesh> {
  type Model = Omit<MeshFile['models'][number], 'approval'> & { approval: { status: MeshFile['models'][number]['approval'] } };
  type Agent = Omit<MeshFile['agents'][number], 'models' | 'supervisor'> & {
    models: { id: string }[];
    supervisor: { id: string } | null;
  };
  const models = await readByIds<Model>(client, 'model', MODEL, file.models);
  const agents = await readByIds<Agent>(client, 'agent', AGENT, file.agents);
  return {
    models: mapValues(models, (model) => ({ ...model, approval: model.approval.status })),
    agents: mapValues(agents, (agent) => ({
      ...agent,
      models: agent.models.map(({ id }) => id),
      supervisor: agent.supervisor?.id ?? null,
    })),
    budgets: await readByIds(client, 'budget', BUDGET, file.budgets),
    policies: await readByIds(client, 'policy', POLICY, file.policies),
    evaluators: await readByIds(client, 'evaluator', EVALUATOR, file.evaluators),
  };
}

/** Which of the ids exist in the mesh. */
export async function findIds(
  client: MeshClient,
  field: 'agent' | 'model',
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  const found = await readByIds<{ id: string }>(
    client,
    field,
    'id',
    [...new Set(ids)].map((id) => ({ id })),
  );
  return new Set(found.keys());
}

const FIELDS_PER_REQUEST = 50;

async function readByIds<Entity extends { id: string }>(
  client: MeshClient,
  field: string,
  selection: string,
  wanted: readonly { id: string }[],
): Promise<Map<string, Entity>> {
  const found = new Map<string, Entity>();
  for (let start = 0; start < wanted.length; start += FIELDS_PER_REQUEST) {
    const part = wanted.slice(start, start + FIELDS_PER_REQUEST);
    const variables = Object.fromEntries(part.map(({ id }, index) => [`id${index}`, id]));
    const parameters = part.map((_, index) => `$id${index}: ID!`).join(', ');
    const fields = part.map((_, index) => `e${index}: ${field}(id: $id${index}) { ${selection} }`).join('\n');
    const data = await client<Record<string, Entity | null>>(`query Current(${parameters}) {\n${fields}\n}`, variables);
    for (const entity of Object.values(data)) if (entity) found.set(entity.id, entity);
  }
  return found;
}

function mapValues<In, Out>(map: ReadonlyMap<string, In>, change: (value: In) => Out): Map<string, Out> {
  return new Map([...map].map(([key, value]) => [key, change(value)]));
}
