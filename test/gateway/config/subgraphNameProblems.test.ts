import { expect, it } from 'vitest';
import { subgraphNameProblems } from '../../../gateway/config/subgraphNameProblems.js';
import { SUBGRAPH_DEFAULTS, type HeaderRule } from '../../../gateway/config/subgraphsConfig.js';

const rules: readonly HeaderRule[] = [{ from: 'x-team', name: 'x-team', fallback: null }];
const others = { ...SUBGRAPH_DEFAULTS, headers: rules };

function problemsOf(name: string, headers: readonly HeaderRule[]): string[] {
  return subgraphNameProblems({ byName: new Map([[name, { ...others, headers }]]), others }, ['agents', 'shop'], ['agents']);
}

it('finds a name that the supergraph has not, and says those that it has', () => {
  expect(problemsOf('shops', rules)).toEqual([
    'MESH_SUBGRAPHS_CONFIG: subgraphs.shops: the supergraph has no such subgraph; it has agents, shop.',
  ]);
});

it('finds rules that a signed subgraph would never see, but not those that hold for all', () => {
  expect(problemsOf('agents', [...rules])).toEqual([
    expect.stringContaining('subgraphs.agents.headers: this subgraph belongs to the mesh'),
  ]);
  expect(problemsOf('agents', rules)).toEqual([]);
  expect(problemsOf('shop', [...rules])).toEqual([]);
});
