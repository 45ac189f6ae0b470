import { expect, it } from 'vitest';
import { MAX_COST } from '../../../gateway/demand/terms.js';
import { costed } from './costed.js';

const LIST_SIZE = 100;
const graph = costed(
  `
  type Query { tree(first: Int): [[Node]] @listSize(slicingArguments: ["first"]) }
  type Node { id: ID nodes(first: Int): [[Node]] @listSize(slicingArguments: ["first"]) }`,
  LIST_SIZE,
);
const MOST = 2 ** 31 - 1;

/** As many levels as an operation may have, which come to more than a number holds. */
function levels(many: string): string {
  return `${`{ nodes(first: ${many}) `.repeat(28)} { id } ${'}'.repeat(28)}`;
}

it.each(['$many', String(MOST)])('what is more than a number holds does not make an operation free: %s', (many) => {
  const query = `query ($none: Int, $many: Int) {
    none: tree(first: $none) ${levels(many)}
    many: tree(first: $many) { id }
  }`;
  expect(graph.estimate(`query ($many: Int) { tree(first: $many) ${levels(many)} }`, { many: MOST })).toBe(MAX_COST);
  expect(graph.estimate(query, { none: 0, many: MOST })).toBe(MOST * LIST_SIZE);
  expect(graph.estimate(query, { none: 1, many: MOST })).toBe(MAX_COST);
});
