import { addField, ensureEntity, freeName, typePart } from '../Draft.js';
import { drawArgs, drawLeaf, wrap } from '../drawGraph.js';
import { featureEntity, someSubgraphs, type Feature } from './featureEntity.js';

/** A field of a type that one subgraph owns and another one can give on the way that @provides names. */
function provided(draft: Parameters<Feature>[0], owner: string, giver: string, typeName: string): string {
  const name = freeName(draft, typeName);
  const type = wrap(drawLeaf(draft.choose), draft.choose);
  draft.marks.add(addField(draft, owner, typeName, name, type, { directives: ['@shareable'] }));
  addField(draft, giver, typeName, name, type, { directives: ['@external'] });
  return name;
}

export const provides: Feature = (draft) => {
  const { choose } = draft;
  const [owner, giver] = someSubgraphs(draft, 2) as [string, string];
  const name = featureEntity(draft, [owner, giver]);
  const field = provided(draft, owner, giver, name);
  const directives = [`@provides(fields: "${field}")`];
  addField(draft, giver, 'Query', freeName(draft, 'Query', 'given'), wrap(name, choose), { ...drawArgs(choose), directives });
  // The same type on a way without it.
  addField(draft, giver, 'Query', freeName(draft, 'Query', 'bare'), wrap(name, choose));
  const around = featureEntity(draft, [giver]);
  addField(draft, giver, around, freeName(draft, around), wrap(name, choose), { directives });
  if (!choose.chance(50)) return;
  const outer = freeName(draft, around, 'outer');
  addField(draft, giver, 'Query', freeName(draft, 'Query', 'deep'), wrap(around, choose), {
    directives: [`@provides(fields: "${outer} { ${field} }")`],
  });
  addField(draft, owner, around, outer, name, { directives: ['@shareable'] });
  ensureEntity(draft, owner, around);
  typePart(draft, owner, around).directives.add('@key(fields: "id")');
  addField(draft, owner, around, 'id', 'ID!');
  addField(draft, giver, around, outer, name, { directives: ['@external'] });
};

const onAbstract =
  (keyword: 'union' | 'interface'): Feature =>
  (draft) => {
    const { choose } = draft;
    const [owner, giver] = someSubgraphs(draft, 2) as [string, string];
    const members = [featureEntity(draft, [owner, giver]), featureEntity(draft, [owner, giver])];
    const abstract = `${members[0]!}Any`;
    const part = typePart(draft, giver, abstract, keyword);
    if (keyword === 'interface') part.fields.set('id', { type: 'ID!', args: '', directives: [] });
    for (const member of members) {
      if (keyword === 'union') part.members.add(member);
      else typePart(draft, giver, member).implements.add(abstract);
    }
    const fields = members.map((member) => `... on ${member} { ${provided(draft, owner, giver, member)} }`);
    addField(draft, giver, 'Query', freeName(draft, 'Query', 'given'), wrap(abstract, choose), {
      directives: [`@provides(fields: "${fields.join(' ')}")`],
    });
    addField(draft, giver, 'Query', freeName(draft, 'Query', 'bare'), wrap(abstract, choose));
  };

export const providesOnUnion: Feature = onAbstract('union');
export const providesOnInterface: Feature = onAbstract('interface');
