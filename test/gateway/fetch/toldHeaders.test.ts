import { expect, it } from 'vitest';
import { SUBGRAPH_DEFAULTS, type HeaderRule, type SubgraphsConfig } from '../../../gateway/config/subgraphsConfig.js';
import { createToldHeaders } from '../../../gateway/fetch/toldHeaders.js';

const propagate = (from: string, name = from): HeaderRule => ({ from, name, fallback: null });

function config(others: readonly HeaderRule[], byName: Record<string, readonly HeaderRule[]> = {}): SubgraphsConfig {
  const settings = (headers: readonly HeaderRule[]) => ({ ...SUBGRAPH_DEFAULTS, headers });
  return {
    others: settings(others),
    byName: new Map(Object.entries(byName).map(([name, headers]) => [name, settings(headers)])),
  };
}

it('says nothing where no rule gives anything of the client to a subgraph', () => {
  const headers = { authorization: 'secret', 'x-team': 'red' };
  for (const rules of [undefined, config([]), config([{ from: null, name: 'x-team', value: 'blue' }])])
    expect(createToldHeaders(rules)(headers)).toBe('');
});

it('tells requests apart by every header that any subgraph is told, and by no other', () => {
  const told = createToldHeaders(config([propagate('x-team', 'x-group')], { odd: [propagate('x-locale'), propagate('x-team')] }));
  const texts = [
    {},
    { 'x-team': 'red' },
    { 'x-team': 'blue' },
    { 'x-locale': 'red' },
    { 'x-team': '' },
    { 'x-team': 'red', 'x-locale': 'de' },
    { 'x-team': 'red","de' },
    { 'x-team': ['red', 'blue'] },
  ].map((headers) => told(headers));
  expect(new Set(texts).size).toBe(texts.length);
  expect(told({ 'x-team': 'red', 'x-group': 'other', cookie: 'c' })).toBe(told({ 'x-team': 'red' }));
  expect(told(undefined)).toBe(told({}));
});
