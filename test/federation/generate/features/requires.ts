import { addField, ensureEntity, freeName, typePart, type Draft } from '../Draft.js';
import { drawLeaf, wrap } from '../drawGraph.js';
import { featureEntity, freeTypeName, someSubgraphs, type Feature } from './featureEntity.js';

/** A field that one subgraph answers and another may have sent. */
function required(draft: Draft, from: string, to: string, typeName: string, type: string, args = ''): string {
  const name = freeName(draft, typeName);
  draft.calm.add(addField(draft, from, typeName, name, type, { args }));
  addField(draft, to, typeName, name, type, { args, directives: ['@external'] });
  return name;
}

function computed(draft: Draft, home: string, typeName: string, fields: string, args = ''): string {
  const name = freeName(draft, typeName, draft.choose.pick(['sum', 'gist', 'blend']));
  const directives = [`@requires(fields: ${JSON.stringify(fields)})`];
  draft.marks.add(addField(draft, home, typeName, name, draft.choose.pick(['String', 'String!']), { args, directives }));
  return name;
}

export const requires: Feature = (draft) => {
  const { choose } = draft;
  const homes = someSubgraphs(draft, 2, 3);
  const name = featureEntity(draft, homes);
  const [to, ...from] = homes as [string, ...string[]];
  for (let count = choose.between(1, 2); count > 0; count--) {
    const fields = Array.from({ length: choose.between(1, 3) }, () =>
      required(draft, choose.pick(from), to, name, wrap(drawLeaf(choose), choose)),
    );
    computed(draft, to, name, fields.join(' '), choose.chance(30) ? '(n: Int = 1)' : '');
  }
};

export const requiresWithArguments: Feature = (draft) => {
  const [from, to] = someSubgraphs(draft, 2) as [string, string];
  const name = featureEntity(draft, [from, to]);
  const field = required(draft, from, to, name, 'Int', '(tone: Tone = MID, n: Int)');
  computed(draft, to, name, `${field}(tone: HIGH)`);
  draft.marks.add(`${name}.${field}`);
};

/** The planner alone would fetch the required field once and give both the same value. */
export const requiresConflicting: Feature = (draft) => {
  const [from, to, other] = someSubgraphs(draft, 2, 3) as [string, string, string | undefined];
  const name = featureEntity(draft, [from, to, ...(other ? [other] : [])]);
  const field = required(draft, from, to, name, draft.choose.pick(['Int', '[String!]']), '(tone: Tone = MID, n: Int)');
  computed(draft, to, name, `${field}(tone: HIGH)`);
  if (other && draft.choose.chance(50)) {
    addField(draft, other, name, field, typePart(draft, from, name).fields.get(field)!.type, {
      args: '(tone: Tone = MID, n: Int)',
      directives: ['@external'],
    });
    computed(draft, other, name, `${field}(n: 4)`);
  } else computed(draft, to, name, `${field}(n: 4)`);
};

/** Through objects: of one value type, and of another entity. */
export const requiresNested: Feature = (draft) => {
  const { choose } = draft;
  const [from, to] = someSubgraphs(draft, 2) as [string, string];
  const name = featureEntity(draft, [from, to]);
  const box = `${name}Box`;
  for (const home of [from, to])
    for (const [field, type] of [
      ['w', 'Int'],
      ['h', 'Tone!'],
      ['inner', box],
    ] as const)
      draft.calm.add(addField(draft, home, box, field, type, { directives: ['@shareable'] }));
  const field = required(draft, from, to, name, wrap(box, choose));
  computed(draft, to, name, choose.pick([`${field} { w h }`, `${field} { h inner { w inner { w } } }`]));

  const other = freeTypeName(draft);
  for (const home of [from, to]) ensureEntity(draft, home, other);
  const inner = required(draft, from, to, other, wrap(drawLeaf(choose), choose));
  const outer = required(draft, from, to, name, wrap(other, choose));
  computed(draft, to, name, `${outer} { id ${inner} }`);
};

/** What is required is itself computed elsewhere. */
export const requiresChain: Feature = (draft) => {
  const [first, second, other] = someSubgraphs(draft, 2, 3) as [string, string, string | undefined];
  const third = other ?? first;
  const name = featureEntity(draft, [...new Set([first, second, third])]);
  const field = required(draft, first, second, name, 'Int');
  const middle = computed(draft, second, name, field);
  const { type } = typePart(draft, second, name).fields.get(middle)!;
  addField(draft, third, name, middle, type, { directives: ['@external'] });
  computed(draft, third, name, middle);
};

/** Through a union or an interface, by type. */
export const requiresAbstract: Feature = (draft) => {
  const { choose } = draft;
  const [from, to] = someSubgraphs(draft, 2) as [string, string];
  const name = featureEntity(draft, [from, to]);
  const isUnion = choose.chance(50);
  const abstract = `${name}Pet`;
  const kinds = [`${name}Low`, `${name}High`];
  const types = ['Int', wrap('Int', choose)];
  for (const home of [from, to]) {
    const part = typePart(draft, home, abstract, isUnion ? 'union' : 'interface');
    if (!isUnion) part.fields.set('name', { type: 'String', args: '', directives: [] });
    for (const [index, kind] of kinds.entries()) {
      if (isUnion) part.members.add(kind);
      else typePart(draft, home, kind).implements.add(abstract);
      draft.calm.add(addField(draft, home, kind, 'name', 'String', { directives: ['@shareable'] }));
      draft.calm.add(addField(draft, home, kind, `only${index}`, types[index]!, { directives: ['@shareable'] }));
    }
  }
  const field = required(draft, from, to, name, wrap(abstract, choose));
  const byType = kinds.map((kind, index) => `... on ${kind} { only${index} }`);
  // The planner sends a type only where it is required, too.
  computed(draft, to, name, `${field} { __typename ${isUnion ? '' : 'name '}${choose.some(byType, 60, 1).join(' ')} }`);
};

/** An interface whose field each type computes. */
export const requiresOnInterface: Feature = (draft) => {
  const { choose } = draft;
  const [from, to] = someSubgraphs(draft, 2) as [string, string];
  const members = [featureEntity(draft, [from, to]), featureEntity(draft, [from, to])];
  const abstract = `${members[0]!}Like`;
  const part = typePart(draft, to, abstract, 'interface');
  part.fields.set('id', { type: 'ID!', args: '', directives: [] });
  part.fields.set('digest', { type: 'String', args: '', directives: [] });
  for (const member of members) {
    typePart(draft, to, member).implements.add(abstract);
    const fields = required(draft, from, to, member, wrap(drawLeaf(choose), choose));
    addField(draft, to, member, 'digest', 'String', { directives: [`@requires(fields: "${fields}")`] });
    draft.marks.add(`${member}.digest`);
  }
  draft.marks.add(`${abstract}.digest`);
  addField(draft, to, 'Query', freeName(draft, 'Query', 'likes'), wrap(abstract, choose));
};

/** What is required moves from one subgraph to another, and what is computed from it is required where it comes from. */
export const requiresOverridden: Feature = (draft) => {
  const { choose } = draft;
  const [from, to, other] = someSubgraphs(draft, 2, 3) as [string, string, string | undefined];
  const name = featureEntity(draft, [from, to, ...(other ? [other] : [])]);
  const field = freeName(draft, name);
  const type = wrap(drawLeaf(choose), choose);
  const label = choose.pick(['', '', '', 'percent(100)', 'percent(37.5)']);
  draft.calm.add(addField(draft, from, name, field, type));
  addField(draft, to, name, field, type, { directives: [`@override(from: "${from}"${label && `, label: "${label}"`})`] });
  // Without a third subgraph nobody requires it.
  if (other === undefined) {
    draft.marks.add(`${name}.${field}`);
    return;
  }
  addField(draft, other, name, field, type, { directives: ['@external'] });
  const middle = computed(draft, other, name, field);
  // With a label, composition finds that unsatisfiable.
  if (label !== '') return;
  const back = choose.pick([from, to]);
  addField(draft, back, name, middle, typePart(draft, other, name).fields.get(middle)!.type, { directives: ['@external'] });
  computed(draft, back, name, middle);
};
