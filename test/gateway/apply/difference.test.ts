import { expect, it } from 'vitest';
import { difference } from '../../../gateway/apply/difference.js';
import { parseMeshFile } from '../../../gateway/apply/meshFile.js';
import type { CurrentMesh } from '../../../gateway/apply/readCurrent.js';

const file = parseMeshFile(
  `mesh: v1
models:
  - { id: m, provider: local, name: M, pricing: { inputPerMTokUsd: "0.50", outputPerMTokUsd: "1" }, approval: APPROVED }
policies:
  - { id: p, cedar: "permit (principal, action, resource);\\n" }
`,
  'mesh.yaml',
);
const [model] = file.models;
const [policy] = file.policies;

function current(parts: Partial<CurrentMesh>): CurrentMesh {
  return { models: new Map(), agents: new Map(), budgets: new Map(), policies: new Map(), evaluators: new Map(), ...parts };
}

it('creates what is not there', () => {
  expect(difference(file, current({})).map(({ kind, id, action }) => `${action} ${kind} ${id}`)).toEqual([
    'create models m',
    'create policies p',
  ]);
});

it('puts supervisors before whom they supervise, and otherwise keeps the order of the file', () => {
  const agent = (id: string, supervisor: string | null): string =>
    `  - { id: ${id}, name: A, transport: BUILTIN, skills: [{ id: s, name: S, taskClasses: [x] }], supervisor: ${supervisor} }\n`;
  const agents = [
    agent('one', 'two'),
    agent('free', null),
    agent('two', 'three'),
    agent('three', null),
    agent('last', 'elsewhere'),
  ];
  const changes = difference(parseMeshFile(`mesh: v1\nagents:\n${agents.join('')}`, 'mesh.yaml'), current({}));
  expect(changes.map(({ id }) => id)).toEqual(['three', 'two', 'one', 'free', 'last']);
});

it('changes nothing when decimals and white space differ only in writing', () => {
  const held = {
    models: new Map([['m', { ...model!, pricing: { ...model!.pricing, inputPerMTokUsd: '0.5' } }]]),
    policies: new Map([['p', { ...policy!, cedar: policy!.cedar.trim() }]]),
  };
  expect(difference(file, current(held)).map(({ action }) => action)).toEqual(['none', 'none']);
});

it('names each field that differs, with both values', () => {
  const held = { models: new Map([['m', { ...model!, approval: 'PENDING' as const, name: 'Old' }]]) };
  expect(difference(file, current(held))[0]).toEqual({
    kind: 'models',
    id: 'm',
    action: 'update',
    fields: [
      { name: 'name', from: 'Old', to: 'M' },
      { name: 'approval', from: 'PENDING', to: 'APPROVED' },
    ],
  });
});

it('compares of an evaluator what its kind needs, and sees a changed kind', () => {
  const { evaluators } = parseMeshFile(
    'mesh: v1\nevaluators:\n  - { id: e, taskClass: c, kind: NUMERIC }\n  - { id: j, taskClass: d, kind: JUDGE, rubric: Be kind. }\n',
    'mesh.yaml',
  );
  const wanted = { ...file, models: [], policies: [], evaluators };
  const nothing = {
    pattern: null,
    schema: null,
    tolerance: null,
    rubric: null,
    judgeTaskClass: null,
    passScore: null,
    maxCostUsd: null,
  };
  const held = new Map<string, object>([
    ['e', { ...nothing, id: 'e', taskClass: 'c', kind: 'NUMERIC', enabled: true, tolerance: '0' }],
    ['j', { ...nothing, ...evaluators[1], maxCostUsd: null }],
  ]) as unknown as CurrentMesh['evaluators'];
  expect(difference(wanted, current({ evaluators: held })).map(({ action }) => action)).toEqual(['none', 'none']);
  const regex = new Map<string, object>([
    ['e', { ...nothing, id: 'e', taskClass: 'c', kind: 'REGEX', enabled: true, pattern: 'a' }],
  ]) as unknown as CurrentMesh['evaluators'];
  expect(difference(wanted, current({ evaluators: regex }))).toMatchObject([
    { kind: 'evaluators', id: 'e', action: 'update', fields: [{ name: 'kind' }, { name: 'tolerance' }] },
    { kind: 'evaluators', id: 'j', action: 'create' },
  ]);
});
