import { addField, addRoot, freeName, typePart, type Draft } from '../Draft.js';
import { drawArgs, drawLeaf, wrap } from '../drawGraph.js';
import { featureEntity, freeTypeName, markedField, someSubgraphs, type Feature } from './featureEntity.js';

interface Drawn {
  readonly name: string;
  readonly home: string;
  readonly others: readonly string[];
  readonly members: readonly string[];
}

/** An entity interface with all its types in one subgraph; to the others it is an object. */
function drawInterfaceObject(draft: Draft): Drawn {
  const { choose } = draft;
  const [home, ...others] = someSubgraphs(draft, 2, 3) as [string, ...string[]];
  const name = freeTypeName(draft);
  const part = typePart(draft, home, name, 'interface');
  part.directives.add('@key(fields: "id")');
  part.fields.set('id', { type: 'ID!', args: '', directives: [] });
  const [field, type, args] = [freeName(draft, name), wrap(drawLeaf(choose), choose), drawArgs(choose).args];
  part.fields.set(field, { type, args, directives: [] });
  const members = Array.from({ length: choose.between(1, 3) }, () => {
    const member = featureEntity(draft, [home]);
    typePart(draft, home, member).implements.add(name);
    draft.calm.add(addField(draft, home, member, field, type, { args }));
    return member;
  });
  draft.calm.add(`${name}.${field}`);
  addRoot(draft, home, wrap(name, choose));
  for (const other of others) {
    const object = typePart(draft, other, name);
    object.directives.add('@interfaceObject').add('@key(fields: "id")');
    addField(draft, other, name, 'id', 'ID!');
    const added = markedField(draft, other, name);
    for (const member of members) draft.marks.add(`${member}.${added}`);
    if (choose.chance(70)) addRoot(draft, other, wrap(name, choose), drawArgs(choose));
  }
  return { name, home, others, members };
}

export const interfaceObject: Feature = (draft) => {
  drawInterfaceObject(draft);
};

/** A field for all types of an interface, computed from one that each has. */
export const requiresOnInterfaceObject: Feature = (draft) => {
  const { name, home, others, members } = drawInterfaceObject(draft);
  const [field, part] = [...typePart(draft, home, name).fields].find(([each]) => each !== 'id')!;
  addField(draft, others[0]!, name, field, part.type, { args: part.args, directives: ['@external'] });
  const must = part.args.includes('must') ? '(must: 3)' : '';
  addField(draft, others[0]!, name, 'digest', 'String', { directives: [`@requires(fields: "${field}${must}")`] });
  for (const each of [name, ...members]) draft.marks.add(`${each}.digest`);
};

/** What the interface's types have, what one subgraph computes from it for all of them, and what is computed from that in turn. */
export const requiresChainOnInterfaceObject: Feature = (draft) => {
  const { name, home, others, members } = drawInterfaceObject(draft);
  const [field, part] = [...typePart(draft, home, name).fields].find(([each]) => each !== 'id')!;
  const first = others[0]!;
  addField(draft, first, name, field, part.type, { args: part.args, directives: ['@external'] });
  const must = part.args.includes('must') ? '(must: 3)' : '';
  const type = draft.choose.pick(['String', 'String!']);
  addField(draft, first, name, 'digest', type, { directives: [`@requires(fields: "${field}${must}")`] });
  // In another subgraph that knows the interface only, or in the one that has the types.
  const second = others[1];
  const further = second === undefined ? members : [name];
  for (const each of further) {
    if (second === undefined) addField(draft, home, each, 'digest', type, { directives: ['@external'] });
    else addField(draft, second, each, 'digest', type, { directives: ['@external'] });
    addField(draft, second ?? home, each, 'extract', 'String', { directives: ['@requires(fields: "digest")'] });
  }
  for (const each of [name, ...members]) draft.marks.add(`${each}.digest`).add(`${each}.extract`);
};
