import { addField, addRoot, ensureEntity, freeName, names, typePart, type Draft } from '../Draft.js';
import { drawArgs, drawLeaf, wrap } from '../drawGraph.js';
import { freeTypeName, markedField, someSubgraphs, type Feature } from './featureEntity.js';

/** Schemas without @link: an entity has one owner, others extend it and mark its key as external; what types share is shareable. */
export const federation1: Feature = (draft) => {
  const { choose } = draft;
  startAnew(draft);
  const [owner, ...others] = someSubgraphs(draft, 2, 4) as [string, ...string[]];
  const entities = [freeTypeName(draft)];
  for (let count = choose.between(1, 2); count > 0; count--) {
    const name = freeTypeName(draft);
    ensureEntity(draft, owner, name);
    entities.push(name);
    for (let fields = choose.between(1, 3); fields > 0; fields--)
      draft.calm.add(addField(draft, owner, name, freeName(draft, name), wrap(drawLeaf(choose), choose), drawArgs(choose)));
    addRoot(draft, owner, wrap(name, choose), drawArgs(choose));
    for (const other of others) extendEntity(draft, owner, other, name);
  }
  const value = `${entities[0]!}Value`;
  for (const home of [owner, ...others]) {
    draft.marks.add(addField(draft, home, value, 'name', 'String'));
    draft.solid.add(`${value}.name`);
    addRoot(draft, home, wrap(value, choose));
  }
};

/** What was drawn so far is written in Federation 2. */
function startAnew(draft: Draft): void {
  for (const name of names(draft)) draft.subgraphs.get(name)!.clear();
  draft.federation1 = true;
}

function extendEntity(draft: Draft, owner: string, home: string, name: string): void {
  const { choose } = draft;
  const owned = [...typePart(draft, owner, name).fields].filter(([field, { args }]) => field !== 'id' && !args.includes('must'));
  const part = typePart(draft, home, name);
  part.directives.add('@extends').add('@key(fields: "id")');
  addField(draft, home, name, 'id', 'ID!', { directives: ['@external'] });
  markedField(draft, home, name);
  addRoot(draft, home, wrap(name, choose));
  if (owned.length === 0 || !choose.chance(60)) return;
  const [field, { type, args }] = choose.pick(owned);
  addField(draft, home, name, field, type, { args, directives: ['@external'] });
  if (choose.chance(50) && args === '')
    addRoot(draft, home, wrap(name, choose), { directives: [`@provides(fields: "${field}")`] });
  const sum = freeName(draft, name, `sum${home}`);
  draft.marks.add(addField(draft, home, name, sum, 'String', { directives: [`@requires(fields: "${field}")`] }));
}
