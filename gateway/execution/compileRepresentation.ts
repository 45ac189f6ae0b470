import type { QueryPlanSelectionNode } from '../planner/federation.js';
import { generate, member } from './generate.js';
import { jsonText, quoted } from './jsonText.js';
import type { IsPossibleType } from './rewrites.js';
import { isObject, type JsonObject } from './Target.js';

/**
 * What a fetch requires of an entity, as JSON text with a fixed order of fields, so that equal texts mean equal entities; undefined when
 * something of it is missing. Null is a value: a nullable field that is required may be null.
 */
export type Represent = (entity: JsonObject) => string | undefined;

/** One function for each type that an entity turns out to have, made when it is first met. */
export function compileRepresentation(selections: readonly QueryPlanSelectionNode[], isPossible: IsPossibleType): Represent {
  const byType = new Map<unknown, Represent>();
  return (entity) => {
    const typeName = Object.hasOwn(entity, '__typename') ? entity['__typename'] : undefined;
    let represent = byType.get(typeName);
    if (!represent) {
      represent = compileForType(selections, typeof typeName === 'string' ? typeName : undefined, isPossible);
      // A subgraph may name any number of types; those that exist are few.
      if (byType.size < MAX_TYPES) byType.set(typeName, represent);
    }
    return represent(entity);
  };
}

const MAX_TYPES = 1_000;

function compileForType(
  selections: readonly QueryPlanSelectionNode[],
  typeName: string | undefined,
  isPossible: IsPossibleType,
): Represent {
  const fields = new Map<string, QueryPlanSelectionNode[] | null>();
  collect(selections, typeName, isPossible, fields);
  const inner: Represent[] = [];
  const parts = [...fields].map(([name, below], index) => {
    const text = JSON.stringify(`${index === 0 ? '{' : ','}${JSON.stringify(name)}:`);
    const read = `v=${member('o', name)};if(v===undefined)return undefined;`;
    if (!below) return `${read}s+=${text}+(typeof v==='string'?q(v):j(v));`;
    inner.push(compileRepresentation(below, isPossible));
    return `${read}p=composite(v,inner[${inner.length - 1}]);if(p===undefined)return undefined;s+=${text}+p;`;
  });
  if (parts.length === 0) return () => '{}';
  return generate<Represent>(
    { q: quoted, j: jsonText, composite, inner },
    `return function(o){let s='',v,p;${parts.join('')}return s+'}'}`,
  );
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

function composite(value: unknown, represent: Represent): string | undefined {
  if (Array.isArray(value)) {
    let text = '[';
    for (let index = 0; index < value.length; index++) {
      const item = composite(value[index], represent);
      if (item === undefined) return undefined;
      text += index === 0 ? item : `,${item}`;
    }
    return `${text}]`;
  }
  return isObject(value) ? represent(value) : jsonText(value);
}
