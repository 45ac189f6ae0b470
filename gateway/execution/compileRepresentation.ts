import type { QueryPlanSelectionNode } from '../planner/federation.js';
import { generate, member } from './generate.js';
import { jsonText, quoted } from './jsonText.js';
import type { IsPossibleType } from './rewrites.js';
import { isObject, type JsonObject } from './Target.js';

/** What a fetch requires of the entities of one type. */
export interface Representation {
  /**
   * As JSON text with a fixed order of fields, so that equal texts mean equal entities; undefined when something is missing without which
   * the subgraph cannot find it. What it needs for some fields only is left out when it is missing, and its name is added to `missing`.
   * Null is a value: a nullable field that is required may be null.
   */
  text(entity: JsonObject, missing: string[]): string | undefined;
  /**
   * Finds out whether two entities are the same without writing them: one value to look up by, and a comparison of the rest. Null when
   * only the text can tell.
   */
  readonly comparison: { key(entity: JsonObject): unknown; isSame(a: JsonObject, b: JsonObject): boolean } | null;
}

/** By the type that an entity says it has; null when nothing is required of such. */
export type RepresentationOf = (entity: JsonObject) => Representation | null;

/** Whether the subgraph can do without the field, but for what it computes from it. */
export type IsOptional = (typeName: string, fieldName: string) => boolean;

/** Functions are made for each type when it is first met. */
export function compileRepresentation(
  selections: readonly QueryPlanSelectionNode[],
  isPossible: IsPossibleType,
  isOptional: IsOptional = () => false,
): RepresentationOf {
  const byType = new Map<unknown, Representation | null>();
  let last: { typeName: unknown; representation: Representation | null } | undefined;
  return (entity) => {
    const typeName = entity['__typename'];
    if (last?.typeName === typeName && last) return last.representation;
    let representation = byType.get(typeName);
    if (representation === undefined) {
      representation = compileForType(selections, typeof typeName === 'string' ? typeName : undefined, isPossible, isOptional);
      // A subgraph may name any number of types; those that exist are few.
      if (byType.size < MAX_TYPES) byType.set(typeName, representation);
    }
    last = { typeName, representation };
    return representation;
  };
}

const MAX_TYPES = 1_000;

type Text = (entity: JsonObject) => string | undefined;

interface Required {
  readonly fieldName: string;
  /** Null: it has no selections of its own. */
  readonly below: readonly QueryPlanSelectionNode[] | null;
}

function compileForType(
  selections: readonly QueryPlanSelectionNode[],
  typeName: string | undefined,
  isPossible: IsPossibleType,
  isOptional: IsOptional,
): Representation | null {
  const fields = new Map<string, Required>();
  collect(selections, typeName, isPossible, fields);
  if (fields.size === 0) return null;
  const inner: Text[] = [];
  const part = ([name, { fieldName, below }]: [string, Required], index: number): string => {
    const text = JSON.stringify(`${index === 0 ? '{' : ','}${JSON.stringify(name)}:`);
    // What comes first cannot be left out, or the comma behind it would be wrong.
    const optional = index > 0 && typeName !== undefined && isOptional(typeName, fieldName);
    const otherwise = optional ? `missing.push(${JSON.stringify(fieldName)});` : 'return undefined;';
    const read = `v=${member('o', name)};`;
    if (!below) return `${read}if(v===undefined){${otherwise}}else s+=${text}+(typeof v==='string'?q(v):j(v));`;
    const of = compileRepresentation(below, isPossible);
    inner.push((value) => {
      const representation = of(value);
      return representation ? representation.text(value, []) : '{}';
    });
    const composed = `p=v===undefined?v:composite(v,inner[${inner.length - 1}]);`;
    return `${read}${composed}if(p===undefined){${otherwise}}else s+=${text}+p;`;
  };
  const text = generate<Representation['text']>(
    { q: quoted, j: jsonText, composite, inner },
    `return function(o,missing){let s='',v,p;${[...fields].map(part).join('')}return s+'}'}`,
  );
  return { text, comparison: compileComparison(fields) };
}

function compileComparison(fields: ReadonlyMap<string, Required>): Representation['comparison'] {
  const names = [...fields.keys()].filter((name) => name !== '__typename');
  const [first] = names;
  if (first === undefined || [...fields.values()].some(({ below }) => below !== null)) return null;
  const equal = names.map((name) => `${member('a', name)}===${member('b', name)}`);
  return generate({}, `return {key:function(a){return ${member('a', first)}},isSame:function(a,b){return ${equal.join('&&')}}}`);
}

/** The fields that hold for a type, or for one that is not known; what two fragments select of one field is joined. */
function collect(
  selections: readonly QueryPlanSelectionNode[],
  typeName: string | undefined,
  isPossible: IsPossibleType,
  fields: Map<string, Required>,
): void {
  for (const selection of selections) {
    if (selection.kind === 'Field') {
      const name = selection.alias ?? selection.name;
      const present = fields.get(name)?.below ?? null;
      const below = selection.selections ? [...(present ?? []), ...selection.selections] : present;
      fields.set(name, { fieldName: selection.name, below });
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
