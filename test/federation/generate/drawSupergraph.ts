import type { FederationCase } from '../support/FederationCase.js';
import { buildGraph, type BuiltGraph } from '../support/buildCase.js';
import type { Choices } from './Choices.js';
import { drawData, NothingToReferTo } from './drawData.js';
import { drawGraph } from './drawGraph.js';
import { printSubgraphs } from './printSubgraphs.js';
import type { Profile } from './profiles.js';

export interface DrawnGraph {
  readonly subgraphs: FederationCase['subgraphs'];
  readonly data: FederationCase['data'];
  readonly marks: ReadonlySet<string>;
  readonly built: BuiltGraph;
}

/** A composed random graph that has the features of a profile, or why there is none. */
export function drawSupergraph({ features }: Profile, choose: Choices): DrawnGraph | { readonly problems: readonly string[] } {
  const draft = drawGraph(choose);
  for (const feature of features) feature(draft);
  const subgraphs = printSubgraphs(draft);
  try {
    const data = drawData(draft);
    const built = buildGraph({ subgraphs, data });
    return 'problems' in built ? built : { subgraphs, data, marks: draft.marks, built };
  } catch (error) {
    if (error instanceof NothingToReferTo) return { problems: [error.message] };
    throw error;
  }
}
