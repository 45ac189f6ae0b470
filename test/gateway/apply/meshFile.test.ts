import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MeshError } from '../../../gateway/errors.js';
import { parseMeshFile } from '../../../gateway/apply/meshFile.js';
import { packageRoot } from '../../../subgraphs/shared/packageRoot.js';

function problemsOf(text: string): string[] {
  try {
    parseMeshFile(text, 'mesh.yaml');
  } catch (error) {
    expect(error).toBeInstanceOf(MeshError);
    expect((error as MeshError).code).toBe('INVALID_MESH_FILE');
    return (error as MeshError).extensions['problems'] as string[];
  }
  return [];
}

const MODEL = `models:
  - id: m1
    provider: local
    name: One
    pricing: { inputPerMTokUsd: "1", outputPerMTokUsd: "2" }
`;

const agent = (id: string, supervisor: string): string =>
  `  - { id: ${id}, name: A, transport: BUILTIN,\n    skills: [{ id: s, name: S, taskClasses: [x] }],\n    supervisor: ${supervisor}\n  }\n`;

describe('a mesh file', () => {
  it('of the demo is valid, with every default filled in', () => {
    const file = parseMeshFile(readFileSync(join(packageRoot, 'deploy/demo/mesh.yaml'), 'utf8'), 'deploy/demo/mesh.yaml');
    expect(file.agents.map(({ id }) => id)).toEqual([
      'front-desk',
      'librarian',
      'abacus',
      'mathematician',
      'loan-clerk',
      'loan-officer',
      'fraud-screener',
      'fraud-analyst',
    ]);
    expect(file.agents[0]).toMatchObject({ status: 'ACTIVE', supervisor: null, regions: [], authority: { decisionKinds: [] } });
  });

  it.each<[string, string, string[]]>([
    ['that is not YAML', 'mesh: v1\nagents: [', ['mesh.yaml:2:10: ']],
    ['without a version', MODEL, ['mesh.yaml:1:1: mesh: must be v1']],
    ['with an unknown key', `mesh: v1\nmodel: []\n`, ['mesh.yaml:2:1: model: Unrecognized key']],
    [
      'with an unknown key deep inside',
      `mesh: v1\n${MODEL.replace('name: One', 'nmae: One')}`,
      ['mesh.yaml:3:5: models.0.name: ', 'mesh.yaml:5:5: models.0.nmae: Unrecognized key'],
    ],
    [
      'with a price that is a float',
      `mesh: v1\n${MODEL.replace('"1"', '0.1')}`,
      ['mesh.yaml:6:16: models.0.pricing.inputPerMTokUsd: Invalid input: expected string, received number; put it in quotes'],
    ],
    [
      'with an id used twice',
      `mesh: v1\n${MODEL}${MODEL.slice(8)}`,
      ['mesh.yaml:7:5: models.1.id: "m1" is already the id of models.0'],
    ],
    [
      'with evaluators that could not judge',
      `mesh: v1
evaluators:
  - { id: a, taskClass: c, kind: REGEX, pattern: "(" }
  - { id: b, taskClass: c, kind: JSON_SCHEMA }
  - { id: c, taskClass: c, kind: NUMERIC, pattern: x }
  - { id: d, taskClass: c, kind: GUESS }
`,
      [
        'mesh.yaml:3:41: evaluators.0.pattern: error parsing regexp',
        'mesh.yaml:4:5: evaluators.1.schema: ',
        'mesh.yaml:5:43: evaluators.2.pattern: Unrecognized key',
        'mesh.yaml:6:28: evaluators.3.kind: ',
      ],
    ],
    [
      'with agents that supervise one another',
      `mesh: v1\nagents:\n${agent('a', 'b')}${agent('b', 'c')}${agent('c', 'b')}`,
      ['mesh.yaml:9:5: agents.1.supervisor: the chain of supervisors leads back to "b"', 'mesh.yaml:13:5: agents.2.supervisor: '],
    ],
    [
      'with broken Cedar in a block',
      'mesh: v1\npolicies:\n  - id: p\n    cedar: |\n      permit (principal, action, resource);\n\n      forbid (principle, action, resource);\n',
      ['mesh.yaml:7:15: policies.0.cedar: '],
    ],
    [
      'with broken Cedar on a line',
      `mesh: v1\npolicies:\n  - { id: p, cedar: 'permit (principal, action resource);' }\n`,
      ['mesh.yaml:3:48: policies.0.cedar: '],
    ],
    [
      'with broken Cedar behind escapes',
      'mesh: v1\npolicies:\n  - { id: p, cedar: "permit (principal,\\n action resource);" }\n',
      ['mesh.yaml:3:21: policies.0.cedar: '],
    ],
    [
      'without a statement in its Cedar',
      `mesh: v1\npolicies: [{ id: p, cedar: '// later' }]\n`,
      ['mesh.yaml:2:29: policies.0.cedar: there is no statement'],
    ],
    ['that is a list', '- 1\n', ['mesh.yaml:1:1: file: ']],
    ['that is empty', '', ['mesh.yaml:1:1: file: ']],
  ])('%s is refused with the place of each problem', (_, text, expected) => {
    const problems = problemsOf(text);
    expect(problems).toHaveLength(expected.length);
    expected.forEach((start, index) => expect(problems[index]).toContain(start));
  });

  it('reports all problems at once', () => {
    expect(problemsOf('mesh: v2\nbudgets:\n  - { id: b, scope: nowhere, limitUsd: "-1", period: WEEK }\n')).toHaveLength(4);
  });

  it('refuses an alias bomb and an oversized file', () => {
    const bomb = `mesh: v1\na: &a [x,x,x,x,x,x,x,x,x]\n${[...'bcdefgh'].map((k, i) => `${k}: &${k} [${Array(9).fill(`*${'abcdefgh'[i]}`).join(',')}]`).join('\n')}\n`;
    expect(problemsOf(bomb)).not.toHaveLength(0);
    expect(problemsOf(`mesh: v1\n# ${'x'.repeat(1_000_000)}`)).toEqual([expect.stringContaining('over 1000000 characters')]);
  });
});
