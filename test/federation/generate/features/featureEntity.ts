import { addField, addRoot, ensureEntity, entities, freeName, type Draft } from '../Draft.js';
import { drawArgs, drawFields, wrap } from '../drawGraph.js';

/** Adds what a feature is about to a draft, and marks the fields that show it. */
export type Feature = (draft: Draft) => void;

const NAMES = ['Eel', 'Fox', 'Gnu', 'Hen', 'Ibis', 'Jay', 'Koi', 'Lynx', 'Moth', 'Newt', 'Owl', 'Pug', 'Ray', 'Swan', 'Toad'];

export function freeTypeName({ subgraphs }: Draft): string {
  return NAMES.find((name) => [...subgraphs.values()].every((types) => !types.has(name)))!;
}

/** At least that many subgraphs, in random order. */
export function someSubgraphs({ choose, subgraphs }: Draft, least: number, most = least): string[] {
  const left = [...subgraphs.keys()];
  const count = Math.min(left.length, choose.between(least, most));
  return Array.from({ length: count }, () => left.splice(choose.below(left.length), 1)[0]!);
}

/** A new entity in these subgraphs, with fields of its own in each, led to from the root and from other entities. */
export function featureEntity(draft: Draft, homes: readonly string[]): string {
  const name = freeTypeName(draft);
  for (const home of homes) ensureEntity(draft, home, name);
  for (const home of homes) drawFields(draft, home, name, draft.choose.between(0, 2));
  const entered = draft.choose.some(homes, 60, 1);
  for (const home of entered) lead(draft, home, name);
  return name;
}

/** A root field to a type; sometimes a field of an entity, too. */
export function lead(draft: Draft, home: string, typeName: string): void {
  const { choose } = draft;
  addRoot(draft, home, wrap(typeName, choose), drawArgs(choose));
  if (!choose.chance(40)) return;
  const from = entities(draft).filter((each) => draft.subgraphs.get(home)!.get(each)?.keyword === 'type');
  if (from.length === 0) return;
  const entity = choose.pick(from);
  addField(draft, home, entity, freeName(draft, entity), wrap(typeName, choose));
}

/** A field that the subgraph alone answers, marked. */
export function markedField(
  draft: Draft,
  home: string,
  typeName: string,
  type = wrap(draft.choose.pick(['String', 'Int', 'Tone']), draft.choose),
): string {
  const name = freeName(draft, typeName);
  draft.marks.add(addField(draft, home, typeName, name, type, drawArgs(draft.choose)));
  return name;
}
