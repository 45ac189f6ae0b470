import { describe, expect, it } from 'vitest';
import { federate, link, type Federation } from '../../support/federate.js';

/** Subgraphs in the order in which they are asked, with what they are sent beside the key. */
function fetches(graph: Federation, query: string): string[] {
  return graph
    .plan(query)
    .split(/^ *fetch from /m)
    .slice(1)
    .map((fetch) => {
      const [, by = ''] = /\n *by\n([\s\S]*?)\n *(?:where|with|gets)/.exec(fetch) ?? [];
      const sent = (by.match(/\w+$/gm) ?? []).filter((name) => /^[a-z]/.test(name) && name !== 'id');
      return [fetch.match(/^\w+/)![0], ...sent].join(' ');
    });
}

describe('what a required field requires', () => {
  const requiring = (version: string): string => link(version, 'key', 'external', 'requires');

  it('is fetched from where it is, although the subgraph before has external fields of these names', () => {
    const graph = federate({
      a: [
        `${requiring('2.11')} type Ant @key(fields: "id") {
           id: ID! path: Int gist: String! @external blend: String @requires(fields: "gist") }`,
      ],
      b: [
        `${requiring('2.11')} type Query { ant: Ant! }
         type Ant @key(fields: "id") { id: ID! path: Int @external gist: String! @requires(fields: "path") }`,
      ],
    });
    expect(fetches(graph, '{ ant { blend } }')).toEqual(['b', 'a', 'b path', 'a gist']);
    // One that needs nothing of that stays one fetch.
    expect(fetches(graph, '{ ant { id } }')).toEqual(['b']);
  });

  it('is still taken from the subgraph before where that answers it', () => {
    const graph = federate({
      a: [`${requiring('2.11')} type Query { ant: Ant } type Ant @key(fields: "id") { id: ID! path: Int }`],
      b: [
        `${requiring('2.11')} type Ant @key(fields: "id") { id: ID! path: Int @external gist: String! @requires(fields: "path") }`,
      ],
    });
    expect(fetches(graph, '{ ant { gist } }')).toEqual(['a', 'b path']);
  });
});

describe('a field that an interface object computes', () => {
  const graph = federate({
    types: [
      `${link('2.11', 'key')} type Query { some: [Eel]! }
       interface Eel @key(fields: "id") { id: ID! size: Int! }
       type Fox implements Eel @key(fields: "id") { id: ID! size: Int! }
       type Gnu implements Eel @key(fields: "id") { id: ID! size: Int! }`,
    ],
    computes: [
      `${link('2.11', 'key', 'external', 'requires', 'interfaceObject')}
       type Eel @interfaceObject @key(fields: "id") { id: ID! song: String size: Int! @external digest: String @requires(fields: "size") }`,
    ],
    leads: [
      `${link('2.11', 'key', 'interfaceObject')} type Query { eels: [Eel!]! }
       type Eel @interfaceObject @key(fields: "id") { id: ID! }`,
    ],
  });

  it('is planned for one type, beside what is asked of all', () => {
    const asked = fetches(graph, '{ eels { song ... on Gnu { digest } } }');
    expect(asked[0]).toBe('leads');
    expect(asked).toContain('computes size');
  });

  it('is planned under a condition', () => {
    expect(fetches(graph, 'query ($yes: Boolean!) { eels { ... on Gnu @include(if: $yes) { digest } } }')).toContain(
      'computes size',
    );
  });
});
