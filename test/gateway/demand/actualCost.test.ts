import { describe, expect, it } from 'vitest';
import { costed } from './costed.js';

describe('what an answer cost', () => {
  const graph = costed(`
    type Query {
      books: [Book] @listSize(assumedSize: 5)
      book: Book
      dear: Book @cost(weight: 7)
      matrix: [[Book]]
      any: [Any]
      search(text: String @cost(weight: 3)): [Book] @cost(weight: 2)
      json: Json @cost(weight: 4)
      tags: [String] @cost(weight: 4)
      mood: Mood
    }
    type Mutation { rename: Book }
    union Any = Book | Shop | Empty
    type Book { title: String author: Author price: Int @cost(weight: 2) }
    type Author { name: String }
    type Shop @cost(weight: 9) { title: String address: String @cost(weight: 1) }
    type Empty @cost(weight: 30) { nothing: String @cost(weight: 50) }
    scalar Json
    enum Mood @cost(weight: 6) { GOOD }`);
  it.each<[string, string, unknown, number, Record<string, unknown>?]>([
    [
      'has lists as long as they are',
      '{ books { author { name } } }',
      { books: [{ author: { name: 'a' } }, { author: { name: 'b' } }] },
      4,
    ],
    [
      'has no objects that are null',
      '{ books { author { name } } book { title } }',
      { books: [null, { author: null }], book: null },
      1,
    ],
    ['has nothing of a list that is null', '{ search { price } }', { search: null }, 0],
    ['has what a field weighs though it is null', '{ dear { title } }', { dear: null }, 7],
    ['has arguments once, whatever came of them', '{ search(text: "x") { title } }', { search: [] }, 3],
    ['has a weight for each item', '{ search { price } }', { search: [{ price: 1 }, { price: null }] }, 2 * (2 + 2)],
    ['goes through lists in lists', '{ matrix { title } }', { matrix: [[{ title: 'a' }, null], null, [{ title: 'b' }]] }, 2],
    ['has each leaf of a list', '{ tags }', { tags: ['a', 'b', null] }, 12],
    ['has a scalar that is a list once', '{ json }', { json: [1, 2, 3] }, 4],
    ['has what an enum weighs', '{ mood }', { mood: 'GOOD' }, 6],
    ['has the base of a mutation', 'mutation { rename { title } }', { rename: { title: 'x' } }, 11],
    ['goes by the names in the answer', '{ books { t: title x: price } }', { books: [{ t: 'a', x: 2 }] }, 3],
    ['is the base when there is no data', 'mutation { rename { title } }', null, 10],
    ['leaves out what was not there', 'query ($b: Boolean!) { book { price @include(if: $b) } }', { book: {} }, 1, { b: false }],
    [
      'knows a type by the names it has',
      '{ any { ... on Book { price } ... on Shop { address } } }',
      { any: [{ price: 1 }, { address: 'x' }] },
      3 + 10,
    ],
    [
      'knows a type by all its names',
      '{ any { ... on Book { title } ... on Shop { title address } } }',
      { any: [{ title: 't', address: 'x' }] },
      10,
    ],
    [
      'knows a type that is said',
      '{ any { is: __typename ... on Book { title } ... on Shop { title } } }',
      { any: [{ is: 'Book', title: 't' }] },
      1,
    ],
    [
      'takes the dearest type where several would do',
      '{ any { ... on Book { title } ... on Shop { title } } }',
      { any: [{ title: 't' }] },
      9,
    ],
    ['takes the dearest type where none would do', '{ any { ... on Book { title } } }', { any: [{ other: 1 }] }, 30],
  ])('%s', (_, query, data, cost, variables = {}) => expect(graph.actual(query, data, variables)).toBe(cost));
});
