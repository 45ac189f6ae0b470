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
      ['mesh.yaml:6:16: models.0.pricing.inputPerMTokUsd: '],
    ],
    [
      'with an id used twice',
      `mesh: v1\n${MODEL}${MODEL.slice(8)}`,
      ['mesh.yaml:7:5: models.1.id: "m1" is already the id of models.0'],
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
