import { addField, freeName, typePart } from '../Draft.js';
import { drawArgs, drawLeaf, wrap } from '../drawGraph.js';
import { featureEntity, lead, markedField, someSubgraphs, type Feature } from './featureEntity.js';

const overriding =
  (labels: readonly string[]): Feature =>
  (draft) => {
    const { choose } = draft;
    const homes = someSubgraphs(draft, 2, 3);
    const [from, to] = homes as [string, string];
    const name = featureEntity(draft, homes);
    for (const home of homes) lead(draft, home, name);
    for (let count = choose.between(1, 2); count > 0; count--) {
      const field = freeName(draft, name);
      const [type, args] = [wrap(drawLeaf(choose), choose), drawArgs(choose)];
      const label = choose.pick(labels);
      addField(draft, from, name, field, type, args);
      addField(draft, to, name, field, type, {
        ...args,
        directives: [`@override(from: "${from}"${label && `, label: "${label}"`})`],
      });
      draft.marks.add(`${name}.${field}`);
    }
  };

export const override: Feature = overriding(['']);
export const overrideLabelled: Feature = overriding(['percent(0)', 'percent(100)', 'percent(37.5)', 'never-on']);

/** One that is a key of its type: whoever is not asked for it any more still has it to be found by. */
export const overrideKey: Feature = (draft) => {
  const { choose } = draft;
  const homes = someSubgraphs(draft, 2, 3);
  const [from, to] = homes as [string, string];
  const name = featureEntity(draft, homes);
  for (const home of homes) {
    lead(draft, home, name);
    markedField(draft, home, name);
  }
  for (const home of [from, to]) typePart(draft, home, name).directives.add('@key(fields: "code")');
  addField(draft, from, name, 'code', 'ID!');
  const label = choose.pick(['', 'percent(0)', 'percent(100)', 'percent(37.5)']);
  draft.marks.add(
    addField(draft, to, name, 'code', 'ID!', { directives: [`@override(from: "${from}"${label && `, label: "${label}"`})`] }),
  );
  draft.solid.add(`${name}.code`);
  draft.given.set(`${name}.code`, ({ id }) => `code of ${String(id)}`);
};
