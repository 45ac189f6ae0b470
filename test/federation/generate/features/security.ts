import { addField, addRoot, freeName, typePart } from '../Draft.js';
import { drawArgs, drawLeaf, wrap } from '../drawGraph.js';
import { featureEntity, someSubgraphs, type Feature } from './featureEntity.js';

const guarding =
  (directives: readonly string[]): Feature =>
  (draft) => {
    const { choose } = draft;
    const homes = someSubgraphs(draft, 2, 3);
    const name = featureEntity(draft, homes);
    for (const home of homes) {
      const field = freeName(draft, name);
      const type = wrap(drawLeaf(choose), choose);
      draft.marks.add(addField(draft, home, name, field, type, { ...drawArgs(choose), directives: [choose.pick(directives)] }));
    }
    // A type of its own, which the directive stands on.
    const guarded = `${name}Guarded`;
    typePart(draft, homes[0]!, guarded).directives.add(choose.pick(directives));
    draft.marks.add(addField(draft, homes[0]!, guarded, 'name', 'String'));
    draft.marks.add(addField(draft, homes[0]!, name, freeName(draft, name), wrap(guarded, choose)));
    const root = addRoot(draft, homes[1]!, wrap(name, choose), { directives: [choose.pick(directives)] });
    draft.marks.add(root);
  };

export const authenticated: Feature = guarding(['@authenticated']);
export const requiresScopes: Feature = guarding([
  '@requiresScopes(scopes: [["one"]])',
  '@requiresScopes(scopes: [["one", "two"]])',
  '@requiresScopes(scopes: [["one"], ["two", "three"]])',
]);
export const policy: Feature = guarding(['@policy(policies: [["any"]])', '@policy(policies: [["some", "other"], ["else"]])']);
