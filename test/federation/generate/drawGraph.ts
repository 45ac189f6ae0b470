import type { Choices } from './Choices.js';
import {
  addField,
  addRoot,
  ensureEntity,
  entities,
  freeName,
  names,
  partsOf,
  subgraphsWith,
  typePart,
  typesOf,
  type Draft,
  type TypePart,
} from './Draft.js';

const ENTITIES = ['Ant', 'Bee', 'Cat', 'Dog'];
const VALUES = ['Vat', 'Wax'];

/** A random schema split over subgraphs, before any feature is added: entities with one key, types of one subgraph, interfaces, unions. */
export function drawGraph(choose: Choices): Draft {
  const subgraphs = new Map(
    ['a', 'b', 'c', 'd', 'e'].slice(0, choose.between(2, 5)).map((name) => [name, new Map<string, TypePart>()]),
  );
  const draft: Draft = {
    choose,
    subgraphs,
    marks: new Set(),
    calm: new Set(),
    solid: new Set(),
    given: new Map(),
    heads: new Map(),
    never: new Map(),
    unknownTo: new Map(),
    nulls: 15,
    failures: 0,
    missing: 0,
    federation1: false,
  };
  const drawn = ENTITIES.slice(0, choose.between(2, 4));
  for (const name of drawn) for (const subgraph of choose.some(names(draft), 50, 2)) ensureEntity(draft, subgraph, name);
  for (const name of VALUES.slice(0, choose.between(0, 2))) {
    const subgraph = choose.pick(names(draft));
    typePart(draft, subgraph, name);
    for (let count = choose.between(1, 3); count > 0; count--)
      addField(draft, subgraph, name, freeName(draft, name), drawLeaf(choose), drawArgs(choose));
  }
  if (choose.chance(60)) drawInterface(draft, 'Named');
  if (choose.chance(50)) drawUnion(draft, 'Any');
  for (const name of [...entities(draft), ...typesOf(draft, 'type').filter((each) => VALUES.includes(each))])
    for (const subgraph of subgraphsWith(draft, name)) drawFields(draft, subgraph, name, choose.between(0, 2));
  for (const subgraph of names(draft)) drawRoots(draft, subgraph, choose.between(1, 2));
  return draft;
}

export function drawFields(draft: Draft, subgraph: string, typeName: string, count: number): void {
  for (; count > 0; count--)
    addField(draft, subgraph, typeName, freeName(draft, typeName), drawType(draft, subgraph), drawArgs(draft.choose));
}

export function drawRoots(draft: Draft, subgraph: string, count: number): void {
  for (; count > 0; count--) {
    const types = compositeIn(draft, subgraph);
    const type = types.length === 0 ? drawLeaf(draft.choose) : wrap(draft.choose.pick(types), draft.choose);
    addRoot(draft, subgraph, type, drawArgs(draft.choose));
  }
}

/** Objects, interfaces and unions, as far as the subgraph has them; sometimes an entity that is thereby known to it. */
function drawType(draft: Draft, subgraph: string): string {
  const { choose } = draft;
  if (choose.chance(55)) return wrap(drawLeaf(choose), choose);
  if (choose.chance(30)) {
    const name = choose.pick(entities(draft));
    ensureEntity(draft, subgraph, name);
    return wrap(name, choose);
  }
  const types = compositeIn(draft, subgraph);
  return wrap(types.length > 0 ? choose.pick(types) : 'String', choose);
}

export function compositeIn(draft: Draft, subgraph: string): string[] {
  return (['type', 'interface', 'union'] as const).flatMap((keyword) => typesOf(draft, keyword, subgraph));
}

/** An interface in one or two subgraphs, of entities that are there; each subgraph gives it a field of its own. */
export function drawInterface(draft: Draft, name: string): string[] {
  const { choose } = draft;
  const homes = choose.some(
    names(draft).filter((subgraph) => entitiesIn(draft, subgraph).length > 0),
    30,
    1,
  );
  const members = new Set<string>();
  const hasId = (entity: string): boolean => partsOf(draft, entity).every(({ fields }) => fields.has('id'));
  for (const home of homes) for (const member of choose.some(entitiesIn(draft, home).filter(hasId), 70)) members.add(member);
  if (members.size === 0) return [];
  for (const home of homes) {
    const part = typePart(draft, home, name, 'interface');
    for (const member of members) ensureEntity(draft, home, member).implements.add(name);
    part.fields.set('id', { type: 'ID!', args: '', directives: [] });
    const field = freeName(draft, name, `${choose.pick(['label', 'worth', 'state'])}Of${name}${home.toUpperCase()}`);
    const [type, args] = [wrap(drawLeaf(choose), choose), drawArgs(choose).args];
    part.fields.set(field, { type, args, directives: [] });
    for (const member of members) addField(draft, home, member, field, type, { args });
  }
  return homes;
}

export function drawUnion(draft: Draft, name: string): string[] {
  const { choose } = draft;
  const homes = choose.some(
    names(draft).filter((subgraph) => entitiesIn(draft, subgraph).length > 0),
    30,
    1,
  );
  for (const home of homes) {
    const part = typePart(draft, home, name, 'union');
    const isObject = (member: string): boolean => typesOf(draft, 'interface').every((each) => each !== member);
    for (const member of choose.some(typesOf(draft, 'type', home).filter(isObject), 60, 1)) part.members.add(member);
  }
  return homes;
}

export function entitiesIn(draft: Draft, subgraph: string): string[] {
  return entities(draft).filter((name) => draft.subgraphs.get(subgraph)!.has(name));
}

export function drawLeaf(choose: Choices): string {
  return choose.pick(['String', 'String', 'Int', 'Float', 'Boolean', 'ID', 'Tone', 'Stamp']);
}

/** Lists, nested lists and non-null in every position. */
export function wrap(type: string, choose: Choices): string {
  const shape = choose.pick(['T', 'T', 'T', 'T!', '[T]', '[T!]', '[T]!', '[T!]!', '[[T]]', '[[T!]!]!']);
  return shape.replace('T', type);
}

export function drawArgs(choose: Choices): { args: string } {
  if (!choose.chance(25)) return { args: '' };
  const all = [
    'n: Int',
    'most: Int = 3',
    'tone: Tone = MID',
    'where: Filter',
    'must: Int!',
    'list: [Int!]',
    'tones: [Tone!]! = [LOW]',
    'at: Stamp',
  ];
  return { args: `(${choose.some(all, 15, 1).join(', ')})` };
}
