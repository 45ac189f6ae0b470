import { addField, addRoot, freeName } from '../Draft.js';
import { drawArgs, drawLeaf, wrap } from '../drawGraph.js';
import { featureEntity, freeTypeName, someSubgraphs, type Feature } from './featureEntity.js';

/** Fields that several subgraphs answer alike: of an entity, of a value type, of an object at the root that each has a part of. */
export const shareable: Feature = (draft) => {
  const { choose } = draft;
  const homes = someSubgraphs(draft, 2, 3);
  const entity = featureEntity(draft, homes);
  const value = freeTypeName(draft);
  const directives = ['@shareable'];
  for (const typeName of [entity, value]) {
    for (let count = choose.between(1, 2); count > 0; count--) {
      const [field, type, args] = [freeName(draft, typeName), wrap(drawLeaf(choose), choose), drawArgs(choose).args];
      for (const home of homes) draft.marks.add(addField(draft, home, typeName, field, type, { args, directives }));
    }
  }
  const field = freeName(draft, entity);
  for (const home of homes) draft.marks.add(addField(draft, home, entity, field, value, { directives }));

  const part = `${value}Part`;
  const root = freeName(draft, 'Query', 'shared');
  const [type, args] = [wrap(part, choose), drawArgs(choose).args];
  for (const home of homes) {
    addField(draft, home, 'Query', root, type, { args, directives });
    const own = freeName(draft, part);
    draft.marks.add(addField(draft, home, part, own, wrap(drawLeaf(choose), choose)));
    draft.solid.add(`${part}.${own}`);
  }
  draft.solid.add(`Query.${root}`);
  addRoot(draft, homes[0]!, wrap(value, choose));
};

/** Subgraphs that say differently what may be null, and take different arguments. */
export const shareableUnalike: Feature = (draft) => {
  const { choose } = draft;
  const homes = someSubgraphs(draft, 2, 3);
  const name = featureEntity(draft, homes);
  const field = freeName(draft, name);
  const leaf = drawLeaf(choose);
  const types = choose.chance(50) ? [leaf, `${leaf}!`] : [`[${leaf}]`, `[${leaf}!]!`, `[${leaf}!]`];
  homes.forEach((home, index) => {
    const args = index === 0 ? '(n: Int = 2, own: String)' : choose.pick(['(n: Int = 2)', '(n: Int = 2, tone: Tone)']);
    draft.marks.add(addField(draft, home, name, field, choose.pick(types), { args, directives: ['@shareable'] }));
  });
};

/** A value type of several subgraphs that say differently which of its fields may be null, in lists of lists. */
export const shareableValuesUnalike: Feature = (draft) => {
  const { choose } = draft;
  const homes = someSubgraphs(draft, 2, 3);
  const entity = featureEntity(draft, homes);
  const value = freeTypeName(draft);
  const directives = ['@shareable'];
  const leaf = drawLeaf(choose);
  for (const home of homes) {
    draft.marks.add(addField(draft, home, value, 'first', choose.pick([leaf, `${leaf}!`]), { directives }));
    draft.marks.add(addField(draft, home, value, 'second', choose.pick(['[Int]', '[Int!]', '[Int!]!']), { directives }));
    const own = freeName(draft, entity);
    addField(draft, home, entity, own, wrap(value, choose));
    addRoot(draft, home, wrap(value, choose));
  }
  for (const field of ['first', 'second']) draft.solid.add(`${value}.${field}`);
};
