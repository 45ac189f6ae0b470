import { addField, addRoot, ensureEntity, freeName, typePart } from '../Draft.js';
import { drawFields, wrap } from '../drawGraph.js';
import { featureEntity, freeTypeName, someSubgraphs, type Feature } from './featureEntity.js';

/** An argument that an object further up fills. What takes it is reached through such objects only. */
export const context: Feature = (draft) => {
  const { choose } = draft;
  const [home, other] = someSubgraphs(draft, 2) as [string, string];
  const above = Array.from({ length: choose.between(1, 2) }, () => featureEntity(draft, [home, other]));
  const name = `ctx${choose.below(3)}`;
  const isLeafOf = `${above[0]!}Leaf`;
  ensureEntity(draft, home, isLeafOf);
  ensureEntity(draft, other, isLeafOf);
  drawFields(draft, other, isLeafOf, 1);
  const [type, selections] = [choose.pick(['String', 'Int', 'Tone']), [] as string[]];
  for (const each of above) {
    typePart(draft, home, each).directives.add(`@context(name: "${name}")`);
    const source = freeName(draft, each, 'setting');
    const isNonNull = choose.chance(50);
    // The value may have to be fetched from elsewhere first.
    if (choose.chance(60)) draft.calm.add(addField(draft, home, each, source, isNonNull ? `${type}!` : type));
    else {
      draft.calm.add(addField(draft, other, each, source, isNonNull ? `${type}!` : type));
      addField(draft, home, each, source, isNonNull ? `${type}!` : type, { directives: ['@external'] });
    }
    selections.push(above.length === 1 ? `{ ${source} }` : `... on ${each} { ${source} }`);
    addField(draft, home, each, freeName(draft, each, 'leaf'), wrap(isLeafOf, choose));
    addRoot(draft, home, wrap(each, choose));
  }
  const field = freeName(draft, isLeafOf, 'told');
  const from = `from: ${type} @fromContext(field: "$${name} ${selections.join(' ')}")`;
  draft.marks.add(
    addField(draft, home, isLeafOf, field, 'String', { args: `(${choose.chance(50) ? 'n: Int = 1, ' : ''}${from})` }),
  );
  // One between them.
  if (!choose.chance(40)) return;
  const between = freeTypeName(draft);
  typePart(draft, home, between);
  addField(draft, home, between, 'leaf', wrap(isLeafOf, choose));
  addField(draft, home, above[0]!, freeName(draft, above[0]!, 'between'), wrap(between, choose));
  for (const each of above.slice(1)) addField(draft, home, each, freeName(draft, each, 'between'), wrap(between, choose));
};
