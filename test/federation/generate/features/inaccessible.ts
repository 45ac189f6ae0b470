import { addField, freeName, typePart } from '../Draft.js';
import { drawArgs, wrap } from '../drawGraph.js';
import { featureEntity, markedField, someSubgraphs, type Feature } from './featureEntity.js';

/** What clients do not see, and the gateway needs: keys, what @requires names, types, an argument, a value of an enum. */
export const inaccessible: Feature = (draft) => {
  const { choose } = draft;
  const [from, to] = someSubgraphs(draft, 2) as [string, string];
  const name = featureEntity(draft, [from, to]);
  const hidden = ['@inaccessible'];
  if (choose.chance(60)) {
    for (const home of [from, to]) {
      const part = typePart(draft, home, name);
      part.directives.add('@key(fields: "secret")');
      addField(draft, home, name, 'secret', 'ID!', { directives: hidden });
      markedField(draft, home, name);
    }
    typePart(draft, to, name).directives.delete('@key(fields: "id")');
    typePart(draft, to, name).fields.delete('id');
    draft.solid.add(`${name}.secret`);
    draft.given.set(`${name}.secret`, ({ id }) => `secret of ${String(id)}`);
  }
  const weight = freeName(draft, name, 'weight');
  draft.calm.add(addField(draft, from, name, weight, wrap('Int', choose), { directives: hidden }));
  addField(draft, to, name, weight, typePart(draft, from, name).fields.get(weight)!.type, { directives: ['@external'] });
  const sum = freeName(draft, name, 'sum');
  draft.marks.add(addField(draft, to, name, sum, 'String', { directives: [`@requires(fields: "${weight}")`] }));

  const type = `${name}Hidden`;
  typePart(draft, from, type).directives.add('@inaccessible');
  addField(draft, from, type, 'name', 'String');
  addField(draft, from, name, freeName(draft, name, 'veiled'), type, { directives: hidden });
  const union = `${name}Some`;
  typePart(draft, from, union, 'union').members.add(type).add(name);
  const some = addField(draft, from, 'Query', freeName(draft, 'Query', 'some'), wrap(union, choose));
  // What an object of a hidden type becomes is not specified; none comes.
  draft.never.set(some, type);

  const shades = `${name}Shade`;
  typePart(draft, from, shades, 'enum').members.add('DARK').add('PALE').add('UNSEEN @inaccessible');
  const shade = freeName(draft, name, 'shade');
  draft.marks.add(addField(draft, from, name, shade, shades, { args: `(of: Int, not: ${shades}, veil: String @inaccessible)` }));
  draft.given.set(`${name}.${shade}`, () => choose.pick(['DARK', 'PALE', null]));
  addField(draft, from, 'Query', freeName(draft, 'Query', 'unseen'), wrap(name, choose), {
    ...drawArgs(choose),
    directives: hidden,
  });
};
