import { describe, expect, it } from 'vitest';
import { runApply } from '../../../gateway/apply/runApply.js';
import type { MeshClient } from '../../../gateway/apply/meshClient.js';
import { MeshError } from '../../../gateway/errors.js';

interface Held {
  readonly agents?: readonly Record<string, unknown>[];
  readonly models?: readonly string[];
  /** Ids that every mutation is refused for. */
  readonly refused?: readonly string[];
}

/** A gateway that holds these agents and models and remembers what it was told. */
function meshOf({ agents = [], models = [], refused = [] }: Held): { client: MeshClient; mutations: string[] } {
  const mutations: string[] = [];
  const client: MeshClient = async <Data>(query: string, variables: Record<string, unknown> = {}) => {
    if (query.startsWith('mutation')) {
      const input = (variables['input'] ?? variables) as { id: string };
      const name = /payload: (\w+)/.exec(query)![1]!;
      if (refused.includes(input.id))
        return { payload: { userErrors: [{ code: 'BAD_USER_INPUT', message: 'no', path: ['input'] }] } } as Data;
      mutations.push(`${name} ${input.id}`);
      return { payload: { userErrors: [] } } as Data;
    }
    const fields = [...query.matchAll(/(e\d+): (\w+)\(id: \$(id\d+)\)/g)];
    return Object.fromEntries(
      fields.map(([, alias, field, variable]) => {
        const id = variables[variable!] as string;
        if (field === 'agent') return [alias, agents.find((agent) => agent['id'] === id) ?? null];
        return [alias, field === 'model' && models.includes(id) ? { id } : null];
      }),
    ) as Data;
  };
  return { client, mutations };
}

const apply = (client: MeshClient, text: string, dryRun = false) =>
  runApply({ text, fileName: 'mesh.yaml', client, dryRun, print: () => undefined });
const failure = async (done: Promise<unknown>): Promise<MeshError> => {
  const error: unknown = await done.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(MeshError);
  return error as MeshError;
};

const FILE = `mesh: v1
models:
  - { id: m, provider: local, name: M, pricing: { inputPerMTokUsd: "1", outputPerMTokUsd: "1" } }
agents:
  - id: worker
    name: Worker
    transport: BUILTIN
    skills: [{ id: s, name: S, taskClasses: [x] }]
    models: [m, elsewhere]
    supervisor: boss
`;

describe('applying a mesh file', () => {
  it.each([false, true])(
    'refuses references that nothing answers to, with their places, before anything is changed (dry run: %s)',
    async (dryRun) => {
      const { client, mutations } = meshOf({});
      const error = await failure(apply(client, FILE, dryRun));
      expect(error.code).toBe('INVALID_MESH_FILE');
      expect(error.extensions['problems']).toEqual([
        'mesh.yaml:10:5: agents.0.supervisor: there is no agent "boss", neither in this file nor in the mesh',
        'mesh.yaml:9:17: agents.0.models.1: there is no model "elsewhere", neither in this file nor in the mesh',
      ]);
      expect(mutations).toEqual([]);
    },
  );

  it('takes what the mesh holds and what the file holds, wherever it stands there', async () => {
    const { client, mutations } = meshOf({ models: ['elsewhere'] });
    const boss = '  - { id: boss, name: Boss, transport: BUILTIN, skills: [{ id: s, name: S, taskClasses: [x] }] }\n';
    await apply(client, FILE + boss);
    expect(mutations).toEqual(['modelRegister m', 'agentRegister boss', 'agentRegister worker']);
  });

  it('refuses to change what is fixed and to revive the retired, before anything is changed', async () => {
    const held = { id: 'boss', name: 'Boss', role: 'WORKER', transport: 'HTTP', status: 'RETIRED', models: [], supervisor: null };
    const { client, mutations } = meshOf({ agents: [held] });
    const boss = '  - { id: boss, name: Boss, transport: BUILTIN, skills: [{ id: s, name: S, taskClasses: [x] }] }\n';
    const error = await failure(apply(client, `mesh: v1\nagents:\n${boss}`));
    expect(error.extensions['problems']).toEqual([
      expect.stringMatching(/^mesh\.yaml:3:29: agents\.0\.transport: the transport of an agent is fixed/),
      expect.stringMatching(/^mesh\.yaml:3:7: agents\.0\.id: "boss" is retired for good/),
    ]);
    expect(mutations).toEqual([]);
  });

  it('lists what was applied and what was not when the mesh refuses something all the same', async () => {
    const { client } = meshOf({ models: ['elsewhere'], agents: [{ id: 'boss' }], refused: ['worker'] });
    const error = await failure(apply(client, FILE));
    expect(error.code).toBe('APPLY_FAILED');
    expect(error.message.split('\n')).toEqual([
      'The mesh refused 1 of 2 change(s).',
      'Not applied:',
      '  agents worker: BAD_USER_INPUT: no (input)',
      'Applied:',
      '  models m',
    ]);
  });
});
