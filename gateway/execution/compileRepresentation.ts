import type { QueryPlanSelectionNode } from '../planner/federation.js';
import { generate, member } from './generate.js';
import { jsonText, quoted } from './jsonText.js';
import type { IsPossibleType } from './rewrites.js';
import { isObject, type JsonObject } from './Target.js';

/** What a fetch requires of the entities of one type. */
export interface Representation {
  /**
   * As JSON text with a fixed order of fields, so that equal texts mean equal entities; undefined when something of it is missing. Null
   * is a value: a nullable field that is required may be null.
   */
  text(entity: JsonObject): string | undefined;
  /**
   * Finds out whether two entities are the same without writing them: one value to look up by, and a comparison of the rest. Null when
   * only the text can tell.
   */
  readonly comparison: { key(entity: JsonObject): unknown; isSame(a: JsonObject, b: JsonObject): boolean } | null;
}

/** By the type that an entity says it has; null when nothing is required of such. */
export type RepresentationOf = (entity: JsonObject) => Representation | null;

/** Functions are made for each type when it is first met. */
export function compileRepresentation(
  selections: readonly QueryPlanSelectionNode[],
  isPossible: IsPossibleType,
): RepresentationOf {
  const byType = new Map<unknown, Representation | null>();
  let last: { typeName: unknown; representation: Representation | null } | undefined;
  return (entity) => {
    const typeName = entity['__typename'];
    if (last?.typeName === typeName && last) return last.representation;
    let representation = byType.get(typeName);
    if (representation === undefined) {
      representation = compileForType(selections, typeof typeName === 'string' ? typeName : undefined, isPossible);
      // A subgraph may name any number of types; those that exist are few.
      if (byType.size < MAX_TYPES) byType.set(typeName, representation);
    }
    last = { typeName, representation };
    return representation;
  };
}

const MAX_TYPES = 1_000;

type Text = Representation['text'];

function compileForType(
  selections: readonly QueryPlanSelectionNode[],
  typeName: string | undefined,
  isPossible: IsPossibleType,
): Representation | null {
  const fields = new Map<string, QueryPlanSelectionNode[] | null>();
  collect(selections, typeName, isPossible, fields);
  if (fields.size === 0) return null;
  const inner: Text[] = [];
  const parts = [...fields].map(([name, below], index) => {
    const text = JSON.stringify(`${index === 0 ? '{' : ','}${JSON.stringify(name)}:`);
    const read = `v=${member('o', name)};if(v===undefined)return undefined;`;
    if (!below) return `${read}s+=${text}+(typeof v==='string'?q(v):j(v));`;
    const of = compileRepresentation(below, isPossible);
    inner.push((value) => {
      const representation = of(value);
      return representation ? representation.text(value) : '{}';
    });
    return `${read}p=composite(v,inner[${inner.length - 1}]);if(p===undefined)return undefined;s+=${text}+p;`;
  });
  const text = generate<Text>(
    { q: quoted, j: jsonText, composite, inner },
    `return function(o){let s='',v,p;${parts.join('')}return s+'}'}`,
  );
  return { text, comparison: compileComparison(fields) };
}

function compileComparison(fields: ReadonlyMap<string, QueryPlanSelectionNode[] | null>): Representation['comparison'] {
  const names = [...fields.keys()].filter((name) => name !== '__typename');
  const [first] = names;
  if (first === undefined || [...fields.values()].some((below) => below !== null)) return null;
  const equal = names.map((name) => `${member('a', name)}===${member('b', name)}`);
  return generate({}, `return {key:function(a){return ${member('a', first)}},isSame:function(a,b){return ${equal.join('&&')}}}`);
}

/** The fields that hold for a type, or for one that is not known; what two fragments select of one field is joined. */
function collect(
  selections: readonly QueryPlanSelectionNode[],
  typeName: string | undefined,
  isPossible: IsPossibleType,
  fields: Map<string, QueryPlanSelectionNode[] | null>,
): void {
  for (const selection of selections) {
    if (selection.kind === 'Field') {
      const name = selection.alias ?? selection.name;
      const present = fields.get(name);
      fields.set(name, selection.selections ? [...(present ?? []), ...selection.selections] : (present ?? null));
    } else if (selection.typeCondition === undefined || typeName === undefined || isPossible(typeName, selection.typeCondition)) {
      collect(selection.selections, typeName, isPossible, fields);
    }
  }
}

function composite(value: unknown, text: Text): string | undefined {
  if (Array.isArray(value)) {
    let texts = '[';
    for (let index = 0; index < value.length; index++) {
      const item = composite(value[index], text);
      if (item === undefined) return undefined;
      texts += index === 0 ? item : `,${item}`;
    }
    return `${texts}]`;
  }
  return isObject(value) ? text(value) : jsonText(value);
}
