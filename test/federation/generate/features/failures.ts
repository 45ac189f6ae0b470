import { addField, addRoot, ensureEntity, freeName, names } from '../Draft.js';
import { drawArgs, drawFields, wrap } from '../drawGraph.js';
import { featureEntity, markedField, someSubgraphs, type Feature } from './featureEntity.js';

/** Non-null fields on all sides of entity boundaries, and values that are not there. */
export const nullPropagation: Feature = (draft) => {
  const { choose } = draft;
  draft.nulls = 25;
  draft.failures = 12;
  const homes = someSubgraphs(draft, 2, 4);
  const name = featureEntity(draft, homes);
  for (const home of homes) {
    markedField(draft, home, name, choose.pick(['Int!', 'String!', '[Int!]!', '[[Tone!]!]']));
    addField(draft, home, name, freeName(draft, name), choose.pick([`${name}!`, `[${name}!]`, `[${name}!]!`, name]));
    addRoot(draft, home, choose.pick([name, `[${name}]`, `[${name}!]`, `[[${name}!]]`]));
  }
};

/** Entities that one subgraph refers to and another does not know. */
export const missingEntities: Feature = (draft) => {
  draft.missing = 25;
  const homes = someSubgraphs(draft, 2, 4);
  const name = featureEntity(draft, homes);
  for (const home of homes) markedField(draft, home, name);
  for (const home of homes) addRoot(draft, home, wrap(name, draft.choose));
};

/** Fields that throw. */
export const failingFields: Feature = (draft) => {
  draft.failures = 12;
  const homes = someSubgraphs(draft, 2, 4);
  const name = featureEntity(draft, homes);
  for (const home of homes) markedField(draft, home, name);
};

/** For subgraphs that do not answer: whatever they alone have is gone. */
export const failingSubgraphs: Feature = (draft) => {
  const homes = someSubgraphs(draft, 2, 4);
  const name = featureEntity(draft, homes);
  for (const home of homes) {
    markedField(draft, home, name);
    addRoot(draft, home, wrap(name, draft.choose));
  }
};

/** Mutations of several subgraphs, each telling which were made before it. */
export const mutations: Feature = (draft) => {
  const { choose } = draft;
  for (const home of names(draft)) {
    const log = freeName(draft, 'Mutation', `log${home}`);
    draft.marks.add(addField(draft, home, 'Mutation', log, 'String!', { args: '(n: Int)' }));
    draft.given.set(`Mutation.${log}`, () => ({ $log: true }));
    ensureEntity(draft, home, 'Ant');
    drawFields(draft, home, 'Ant', 1);
    addField(draft, home, 'Mutation', freeName(draft, 'Mutation', `make${home}`), wrap('Ant', choose), drawArgs(choose));
  }
};

/** Mutations that lead to entities of which other subgraphs have a part, and may fail to give it. */
export const failingMutations: Feature = (draft) => {
  mutations(draft);
  draft.failures = 8;
  const homes = someSubgraphs(draft, 2, 4);
  const name = featureEntity(draft, homes);
  for (const home of homes) {
    markedField(draft, home, name, draft.choose.pick(['Int', 'String!', '[Int!]']));
    const make = freeName(draft, 'Mutation', `keep${home}`);
    draft.marks.add(
      addField(draft, home, 'Mutation', make, draft.choose.pick([name, `[${name}]`, `[[${name}!]]`, `[${name}!]!`])),
    );
  }
};
