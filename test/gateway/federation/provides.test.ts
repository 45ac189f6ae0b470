import { describe, expect, it } from 'vitest';
import { federate, link } from '../../support/federate.js';

const never = () => {
  throw new Error('what was provided is not to be asked for');
};
const authors = [
  { __typename: 'Person', id: 'p', name: 'Ada', born: { year: 1815 } },
  { __typename: 'Group', id: 'g', name: 'Us' },
];

const library = federate({
  books: [
    `${link('2.8', 'key', 'external', 'provides', 'shareable')}
     type Query { books: [Book] made: [Author] @provides(fields: "... on Person { name born { year } } ... on Group { name }")
       one: Named @provides(fields: "... on Person { name }") }
     type Book @key(fields: "id") { id: ID! author: Person @provides(fields: "name born { year }") editor: Person }
     union Author = Person | Group
     interface Named { name: String }
     type Person implements Named @key(fields: "id") { id: ID! name: String @external born: Born @external }
     type Group implements Named @key(fields: "id") { id: ID! name: String @external }
     type Born { year: Int @external }`,
    {
      Query: { books: () => [{ id: 'b', author: authors[0], editor: { id: 'p' } }], made: () => authors, one: () => authors[0] },
    },
  ],
  people: [
    `${link('2.8', 'key', 'shareable')}
     type Person @key(fields: "id") { id: ID! name: String @shareable born: Born @shareable age: Int }
     type Group @key(fields: "id") { id: ID! name: String @shareable size: Int }
     type Born @shareable { year: Int place: String }`,
    {
      Person: {
        __resolveReference: ({ id }: { id: string }) => ({ id, name: 'asked', age: 36, born: { year: 1, place: 'London' } }),
      },
      Group: { __resolveReference: ({ id }: { id: string }) => ({ id, size: 2 }), name: never },
    },
  ],
});

describe('what is provided', () => {
  it.each([
    [
      'comes along',
      '{ books { author { name born { year } } } }',
      { books: [{ author: { name: 'Ada', born: { year: 1815 } } }] },
    ],
    [
      'on a union, for each type',
      '{ made { ... on Person { name born { year } } ... on Group { name } } }',
      { made: [{ name: 'Ada', born: { year: 1815 } }, { name: 'Us' }] },
    ],
    ['on an interface', '{ one { name } }', { one: { name: 'Ada' } }],
  ])('%s: one fetch', async (_, query, data) => {
    const before = library.asked.length;
    expect(await library.run(query)).toEqual({ data });
    expect(library.asked.length).toBe(before + 1);
  });

  it('is asked for elsewhere by another way to the same type', async () => {
    expect((await library.run('{ books { author { name } editor { name } } }')).data).toEqual({
      books: [{ author: { name: 'Ada' }, editor: { name: 'asked' } }],
    });
  });

  it('is joined by what is not provided', async () => {
    expect((await library.run('{ books { author { name age } } made { ... on Group { name size } } }')).data).toEqual({
      books: [{ author: { name: 'Ada', age: 36 } }],
      made: [{}, { name: 'Us', size: 2 }],
    });
  });

  it('is not fetched when nobody asks for it', async () => {
    const before = library.asked.length;
    await library.run('{ books { author { id } } }');
    expect(library.asked.slice(before).join()).not.toMatch(/name|born/);
  });
});
