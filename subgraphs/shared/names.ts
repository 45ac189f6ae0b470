/** The five subgraphs that run, in the order in which they are composed. `events` is composed with them and run by none. */
export const SUBGRAPH_NAMES = ['agents', 'models', 'evaluations', 'costs', 'policies'] as const;
export type SubgraphName = (typeof SUBGRAPH_NAMES)[number];

/** Every event topic. A topic's events are ordered by entity (`subject`). */
export const TOPICS = [
  'mesh.catalog',
  'mesh.tasks',
  'mesh.routing',
  'mesh.usage',
  'mesh.evaluations',
  'mesh.governance',
  'mesh.budgets',
  'mesh.metrics',
] as const;
export type Topic = (typeof TOPICS)[number];
