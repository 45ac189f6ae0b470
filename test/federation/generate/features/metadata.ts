import { addField, freeName, names, typePart } from '../Draft.js';
import { wrap } from '../drawGraph.js';
import { featureEntity, someSubgraphs, type Feature } from './featureEntity.js';

const decorated =
  (directives: (slicing: string) => readonly string[]): Feature =>
  (draft) => {
    const { choose } = draft;
    const homes = someSubgraphs(draft, 2, 3);
    const name = featureEntity(draft, homes);
    for (const home of homes) {
      const [field, type] = [freeName(draft, name), choose.pick(['[Int]', '[String!]', '[Tone!]!'])];
      const chosen = choose.some(directives('first'), 70, 1);
      draft.marks.add(addField(draft, home, name, field, type, { args: '(first: Int)', directives: chosen }));
    }
  };

export const cost: Feature = decorated(() => ['@cost(weight: 5)']);
export const listSize: Feature = decorated((slicing) => [
  `@listSize(assumedSize: 4, slicingArguments: ["${slicing}"], requireOneSlicingArgument: false)`,
]);
export const tag: Feature = decorated(() => ['@tag(name: "one")', '@tag(name: "two")']);

/** A directive of the subgraphs' own, which the supergraph keeps. */
export const composeDirective: Feature = (draft) => {
  decorated(() => ['@mine(of: "it")'])(draft);
  for (const name of names(draft)) {
    draft.heads.set(name, [
      'extend schema @link(url: "https://example.dev/mine/v1.0", import: ["@mine"]) @composeDirective(name: "@mine")',
      'directive @mine(of: String) repeatable on FIELD_DEFINITION | OBJECT',
    ]);
    typePart(draft, name, 'Query');
    if (typePart(draft, name, 'Query').fields.size === 0)
      addField(draft, name, 'Query', `${name}Alone`, wrap('Int', draft.choose));
  }
};
