import { addField, addRoot, ensureEntity, freeName, typePart } from '../Draft.js';
import { drawInterface, drawLeaf, drawUnion, wrap } from '../drawGraph.js';
import { featureEntity, markedField, someSubgraphs, type Feature } from './featureEntity.js';

/** Interfaces that several subgraphs give fields to, one that implements another, unions that differ by subgraph. */
export const abstractTypes: Feature = (draft) => {
  const { choose } = draft;
  for (const home of drawInterface(draft, 'Kind')) addRoot(draft, home, wrap('Kind', choose));
  for (const home of drawUnion(draft, 'Either')) addRoot(draft, home, wrap('Either', choose));
  const home = choose.pick(someSubgraphs(draft, 2));
  const members = [featureEntity(draft, [home]), featureEntity(draft, [home])];
  const [wide, narrow] = [`${members[0]!}Wide`, `${members[0]!}Narrow`];
  const field = { type: wrap(drawLeaf(choose), choose), args: '', directives: [] };
  for (const each of [wide, narrow])
    typePart(draft, home, each, 'interface').fields.set('id', { type: 'ID!', args: '', directives: [] });
  for (const each of [wide, narrow]) typePart(draft, home, each).fields.set('both', field);
  typePart(draft, home, narrow).implements.add(wide);
  for (const [index, member] of members.entries()) {
    typePart(draft, home, member).implements.add(wide);
    if (index === 0) typePart(draft, home, member).implements.add(narrow);
    addField(draft, home, member, 'both', field.type);
    draft.marks.add(`${member}.both`);
  }
  for (const each of [wide, narrow]) {
    draft.marks.add(`${each}.both`);
    addRoot(draft, home, wrap(each, choose));
  }
  for (const other of someSubgraphs(draft, 1, 2)) {
    ensureEntity(draft, other, members[1]!);
    markedField(draft, other, members[1]!);
  }
};

/** Enums and inputs that subgraphs know in different extent: what comes out is united, what goes in is what all take. */
export const enumsAndInputs: Feature = (draft) => {
  const { choose } = draft;
  const homes = someSubgraphs(draft, 2, 3);
  const name = featureEntity(draft, homes);
  const [out, into, input] = [`${name}Out`, `${name}In`, `${name}Input`];
  const shared = freeName(draft, name, 'both');
  homes.forEach((home, index) => {
    const values = ['COMMON', `ONLY${'XYZ'[index]!}`];
    typePart(draft, home, out, 'enum').members.add(values[0]!).add(values[1]!);
    typePart(draft, home, into, 'enum').members.add(values[0]!).add('USUAL').add(values[1]!);
    const fields = typePart(draft, home, input, 'input').fields;
    const put = (field: string, type: string): void => void fields.set(field, { type, args: '', directives: [] });
    put('size', choose.chance(50) ? 'Int' : 'Int!');
    put('kind', into);
    put('inner', input);
    put('all', `[${into}!]`);
    if (choose.chance(60)) put(`only${home}`, 'String');
    const field = freeName(draft, name);
    draft.marks.add(
      addField(draft, home, name, field, choose.pick([out, `${out}!`]), { args: `(want: ${input}, kind: ${into} = COMMON)` }),
    );
    draft.given.set(`${name}.${field}`, () => choose.pick(values));
    const list = freeName(draft, name);
    draft.marks.add(addField(draft, home, name, list, '[String]', { args: `(want: ${input}, kinds: [${into}!])` }));
    const args = index === 0 ? `(want: ${input}, n: Int)` : `(want: ${input})`;
    draft.marks.add(addField(draft, home, name, shared, 'String', { args, directives: ['@shareable'] }));
  });
};
