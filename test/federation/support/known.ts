import { Kind } from 'graphql';
import type { FederationCase } from './FederationCase.js';
import { readGraph } from './readGraph.js';

/** A difference that is known and not mended yet. Cases that may show it are counted and do not fail. */
export interface Known {
  readonly why: string;
  readonly mayShow: (asked: FederationCase) => boolean;
}

const sdl = ({ subgraphs }: FederationCase, pattern: RegExp): boolean =>
  Object.values(subgraphs).some((each) => pattern.test(each));

export const KNOWN: readonly Known[] = [
  {
    why: 'executor: what one field requires is not fetched where the field is not selected, and then the rest of the fetch is left out',
    mayShow: (asked) => sdl(asked, /@requires\(/) && (/@(skip|include)/.test(asked.operation) || sdl(asked, /@interfaceObject/)),
  },
  {
    why: 'executor: the failure of a subgraph is told of at fields that are skipped',
    mayShow: ({ down = [], operation }) => down.length > 0 && /@(skip|include)/.test(operation),
  },
  {
    why: 'stock planner: what is required is asked for before what it requires itself',
    mayShow: ({ subgraphs }) => {
      const graph = readGraph(subgraphs);
      return [...graph.subgraphs.values()].some((types) =>
        [...types].some(([typeName, { fields }]) =>
          [...fields.values()].some(({ requires }) =>
            requires?.selections.some(
              (each) => each.kind === Kind.FIELD && graph.fieldsOf(typeName, each.name.value).some((other) => other.requires),
            ),
          ),
        ),
      );
    },
  },
];
