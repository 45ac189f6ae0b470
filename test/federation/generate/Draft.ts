import type { DataObject } from '../support/FederationCase.js';
import type { Choices } from './Choices.js';

/** Subgraphs being drawn: a feature adds to it what it is about. */
export interface Draft {
  readonly choose: Choices;
  /** Names in use; parts by type name. */
  readonly subgraphs: ReadonlyMap<string, Map<string, TypePart>>;
  /** Coordinates (`Ant.size`) that show the feature: operations go there. */
  readonly marks: Set<string>;
  /** Coordinates whose values never fail: others are computed from them, or found by them. */
  readonly calm: Set<string>;
  /** Coordinates whose values are never null either. */
  readonly solid: Set<string>;
  /** Coordinates that never get a value by chance. */
  readonly given: Map<string, (object: DataObject) => unknown>;
  /** More lines at the head of a subgraph's SDL. */
  readonly heads: Map<string, string[]>;
  /** By coordinate: a type of which no object comes there. */
  readonly never: Map<string, string>;
  /** By object: subgraphs that know nothing of it. */
  readonly unknownTo: Map<string, string[]>;
  /** How likely values are null, fail, and entities are not known everywhere; percent. */
  nulls: number;
  failures: number;
  missing: number;
  federation1: boolean;
}

export type Keyword = 'type' | 'interface' | 'union' | 'enum' | 'input' | 'scalar';

/** A type as one subgraph has it. */
export interface TypePart {
  readonly keyword: Keyword;
  readonly implements: Set<string>;
  readonly directives: Set<string>;
  readonly fields: Map<string, FieldPart>;
  /** Of a union: its types; of an enum: its values, with directives. */
  readonly members: Set<string>;
}

export interface FieldPart {
  type: string;
  /** With parentheses, or nothing. */
  args: string;
  readonly directives: string[];
}

export const names = (draft: Draft): string[] => [...draft.subgraphs.keys()];

export function typePart(draft: Draft, subgraph: string, name: string, keyword: Keyword = 'type'): TypePart {
  const types = draft.subgraphs.get(subgraph)!;
  let part = types.get(name);
  if (!part) {
    part = { keyword, implements: new Set(), directives: new Set(), fields: new Map(), members: new Set() };
    types.set(name, part);
  }
  return part;
}

/** Adds a field to a type in one subgraph and returns its coordinate. */
export function addField(
  draft: Draft,
  subgraph: string,
  typeName: string,
  name: string,
  type: string,
  { args = '', directives = [] }: { args?: string; directives?: string[] } = {},
): string {
  declareLeaves(draft, subgraph, `${type} ${args}`);
  typePart(draft, subgraph, typeName).fields.set(name, { type, args, directives: [...directives] });
  return `${typeName}.${name}`;
}

/** Names of the types of a keyword, in one subgraph or in any. */
export function typesOf(draft: Draft, keyword: Keyword, subgraph?: string): string[] {
  const within = subgraph === undefined ? [...draft.subgraphs.values()] : [draft.subgraphs.get(subgraph)!];
  const found = within.flatMap((types) => [...types].filter(([, part]) => part.keyword === keyword).map(([name]) => name));
  return [...new Set(found)].filter((name) => name !== 'Query' && name !== 'Mutation');
}

export function subgraphsWith(draft: Draft, typeName: string): string[] {
  return names(draft).filter((name) => draft.subgraphs.get(name)!.has(typeName));
}

export function partsOf(draft: Draft, typeName: string): TypePart[] {
  return subgraphsWith(draft, typeName).map((name) => draft.subgraphs.get(name)!.get(typeName)!);
}

export function entities(draft: Draft): string[] {
  return typesOf(draft, 'type').filter((name) =>
    partsOf(draft, name).some(({ directives }) => [...directives].some((each) => each.startsWith('@key'))),
  );
}

/** An entity in a subgraph, with its key and nothing else if it was not there. */
export function ensureEntity(draft: Draft, subgraph: string, name: string): TypePart {
  const part = typePart(draft, subgraph, name);
  if (part.fields.size === 0) {
    part.directives.add('@key(fields: "id")');
    addField(draft, subgraph, name, 'id', 'ID!');
    draft.solid.add(`${name}.id`);
  }
  return part;
}

const FIELD_NAMES = ['name', 'size', 'note', 'rank', 'mate', 'kin', 'hue', 'spot', 'crew', 'tale', 'age', 'den', 'path', 'song'];

/** A name that the type has in no subgraph, nor any interface that it implements, nor any type that implements it. */
export function freeName(draft: Draft, typeName: string, wanted = draft.choose.pick(FIELD_NAMES)): string {
  const interfaces = partsOf(draft, typeName).flatMap((part) => [...part.implements]);
  const members = typesOf(draft, 'type').filter((name) => partsOf(draft, name).some((part) => part.implements.has(typeName)));
  const taken = new Set(
    [typeName, ...interfaces, ...members].flatMap((name) => partsOf(draft, name).flatMap(({ fields }) => [...fields.keys()])),
  );
  let name = wanted;
  for (let number = 2; taken.has(name); number++) name = `${wanted}${number}`;
  return name;
}

/** A root field that leads to a type, in a subgraph that has the type. */
export function addRoot(
  draft: Draft,
  subgraph: string,
  type: string,
  more: { args?: string; directives?: string[] } = {},
): string {
  return addField(draft, subgraph, 'Query', freeName(draft, 'Query', `${subgraph}${typesOf(draft, 'type').length}`), type, more);
}

function declareLeaves(draft: Draft, subgraph: string, text: string): void {
  if (text.includes('Tone')) {
    const tone = typePart(draft, subgraph, 'Tone', 'enum');
    for (const value of ['LOW', 'MID', 'HIGH']) tone.members.add(value);
  }
  if (text.includes('Stamp')) typePart(draft, subgraph, 'Stamp', 'scalar');
  if (!text.includes('Filter') || draft.subgraphs.get(subgraph)!.has('Filter')) return;
  const filter = typePart(draft, subgraph, 'Filter', 'input');
  for (const [field, type] of Object.entries({
    text: 'String',
    tone: 'Tone = MID',
    most: 'Int = 2',
    inner: 'Filter',
    all: '[[Int!]]',
  }))
    filter.fields.set(field, { type, args: '', directives: [] });
  declareLeaves(draft, subgraph, 'Tone');
}
