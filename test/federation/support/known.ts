import { Kind } from 'graphql';
import type { FederationCase } from './FederationCase.js';
import { readGraph } from './readGraph.js';

/** A difference that is known and not mended yet. Cases that may show it are counted and do not fail. */
export interface Known {
  readonly why: string;
  readonly mayShow: (asked: FederationCase) => boolean;
}

export const KNOWN: readonly Known[] = [
  {
    why: 'not looked into yet: a field that requires others through an interface object',
    mayShow: ({ subgraphs }) =>
      [/@requires\(/, /@interfaceObject/].every((pattern) => Object.values(subgraphs).some((sdl) => pattern.test(sdl))),
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
