import { parseType, Kind, type TypeNode } from 'graphql';
import type { Data, DataObject } from '../support/FederationCase.js';
import { entities, names, partsOf, subgraphsWith, typesOf, type Draft, type TypePart } from './Draft.js';

const EACH = 3;

/** Random data for every object type; references go only to what the subgraph that answers with them knows. */
export function drawData(draft: Draft): Data {
  const { choose } = draft;
  const objects = new Map<string, Record<string, unknown> & DataObject>();
  const roots = ['Query', 'Mutation'];
  for (const typeName of typesOf(draft, 'type').filter((name) => !isInterfaceObject(draft, name))) {
    const isEntity = entities(draft).includes(typeName);
    for (let number = 1; number <= EACH; number++) {
      const key = `${typeName}:${number}`;
      const missing = draft.unknownTo.get(key) ?? (isEntity ? choose.some(subgraphsWith(draft, typeName), draft.missing) : []);
      objects.set(key, {
        __typename: typeName,
        ...(missing.length > 0 && { $missing: missing }),
        id: `${typeName.toLowerCase()}${number}`,
      });
    }
  }
  for (const root of roots) if (partsOf(draft, root).length > 0) objects.set(root, { __typename: root });

  for (const object of objects.values()) {
    const { id } = object;
    for (const [field, sources] of sourcesOf(draft, object.__typename)) {
      const coordinate = `${object.__typename}.${field}`;
      const given = draft.given.get(coordinate);
      if (field === 'id' && !given) continue;
      object[field] = given ? given({ ...object, id }) : drawValue({ draft, objects, coordinate, sources: [...sources] });
    }
  }
  return Object.fromEntries(objects);
}

/** Fields of an object type with the subgraphs that answer them, by themselves or for an interface. */
function sourcesOf(draft: Draft, typeName: string): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const found = new Map<string, Map<string, string>>();
  for (const subgraph of names(draft)) {
    for (const [name, part] of draft.subgraphs.get(subgraph)!) {
      const isMeant = name === typeName || (part.directives.has('@interfaceObject') && implementsIt(draft, typeName, name));
      if (!isMeant || part.keyword !== 'type') continue;
      for (const [field, { type, directives }] of part.fields) {
        if (directives.some((each) => each.startsWith('@external') || each.startsWith('@requires'))) continue;
        (found.get(field) ?? found.set(field, new Map()).get(field)!).set(subgraph, type);
      }
    }
  }
  return found;
}

interface Drawing {
  readonly draft: Draft;
  readonly objects: ReadonlyMap<string, DataObject>;
  readonly coordinate: string;
  /** Subgraph and type of the field there. */
  readonly sources: readonly (readonly [string, string])[];
}

function drawValue(drawing: Drawing): unknown {
  const types = drawing.sources.map(([, type]) => parseType(type, { noLocation: true }));
  // Where subgraphs differ in what may be null, nothing is: one of them would answer with a null of the whole object.
  const strict = new Set(drawing.sources.map(([, type]) => type)).size > 1;
  return valueOf(drawing, types[0]!, strict);
}

function valueOf(drawing: Drawing, type: TypeNode, strict: boolean): unknown {
  const { draft, coordinate } = drawing;
  const { choose, nulls, failures } = draft;
  const solid = strict || draft.solid.has(coordinate);
  const calm = solid || draft.calm.has(coordinate);
  if (!calm && choose.chance(failures)) return { $error: `no ${coordinate}` };
  if (type.kind === Kind.NON_NULL_TYPE) {
    // Only where failures are wanted: a null that must not be.
    if (!calm && choose.chance(failures / 2)) return null;
    return present(drawing, type.type, strict);
  }
  return !solid && choose.chance(nulls) ? null : present(drawing, type, strict);
}

function present(drawing: Drawing, type: TypeNode, strict: boolean): unknown {
  const { choose } = drawing.draft;
  if (type.kind === Kind.NON_NULL_TYPE) return present(drawing, type.type, strict);
  if (type.kind === Kind.LIST_TYPE)
    return Array.from({ length: choose.pick([2, 1, 0, 3, 2]) }, () => valueOf(drawing, type.type, strict));
  const name = type.name.value;
  const leaf = leafValue(drawing.draft, name);
  return leaf === undefined ? reference(drawing, name) : leaf;
}

const WORDS = ['ash', 'bay', 'cove', 'dune', 'elm'];

function leafValue({ choose }: Draft, name: string): unknown {
  switch (name) {
    case 'String':
    case 'ID':
      return choose.pick(WORDS);
    case 'Int':
      return choose.below(50);
    case 'Float':
      return choose.below(50) + 0.5;
    case 'Boolean':
      return choose.below(2) === 1;
    case 'Tone':
      return choose.pick(['LOW', 'MID', 'HIGH']);
    case 'Stamp':
      return choose.pick<unknown>(['now', 7, { at: 1, zone: null }, [1, [2]]]);
    default:
      return undefined;
  }
}

function reference({ draft, objects, sources, coordinate }: Drawing, name: string): { $ref: string } {
  const isKnown = (object: DataObject): boolean =>
    sources.every(([subgraph]) => {
      const type = draft.subgraphs.get(subgraph)!.get(name);
      return type !== undefined && isOf(draft, subgraph, object.__typename, name, type) && !object.$missing?.includes(subgraph);
    });
  const known = [...objects]
    .filter(([, object]) => isKnown(object) && object.__typename !== draft.never.get(coordinate))
    .map(([key]) => key);
  if (known.length > 0) return { $ref: draft.choose.pick(known) };
  throw new NothingToReferTo(`${coordinate} cannot refer to any ${name}`);
}

/** The draft has no data that fits it; it is thrown away. */
export class NothingToReferTo extends Error {}

function isOf(
  draft: Draft,
  subgraph: string,
  typeName: string,
  wanted: string,
  { keyword, members, directives }: TypePart,
): boolean {
  if (keyword === 'union') return members.has(typeName);
  if (directives.has('@interfaceObject')) return implementsIt(draft, typeName, wanted);
  if (keyword === 'interface') return draft.subgraphs.get(subgraph)!.get(typeName)?.implements.has(wanted) ?? false;
  return typeName === wanted;
}

function isInterfaceObject(draft: Draft, name: string): boolean {
  return partsOf(draft, name).some(({ directives }) => directives.has('@interfaceObject'));
}

function implementsIt(draft: Draft, typeName: string, interfaceName: string): boolean {
  return partsOf(draft, typeName).some((part) => part.implements.has(interfaceName));
}
