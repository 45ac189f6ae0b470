import type { CostedField, CostedOperation, CostedSelection, CostedType } from './CostedOperation.js';
import { MAX_COST, valueOf, type Variables } from './terms.js';

const NO_SLOTS = new Float64Array(0);

/**
 * What an answer came to: as the estimate, with lists as long as they are, and without the objects that are null
 * (https://ibm.github.io/graphql-specs/cost-spec.html, 5.1.3). `data` is the answer's, as the client gets it. Which type an object of an
 * abstract type has shows in the names that it has; where several have them, the dearest counts.
 */
export function actualCost({ base, root }: CostedOperation, variables: Variables, data: unknown): number {
  return Math.min(base + ofObject(root, variables, data).fields, MAX_COST);
}

interface ObjectCost {
  readonly weight: number;
  readonly fields: number;
}

const NOTHING: ObjectCost = { weight: 0, fields: 0 };

function ofObject({ types }: CostedSelection, variables: Variables, value: unknown): ObjectCost {
  if (typeof value !== 'object' || value === null) return NOTHING;
  const object = value as Readonly<Record<string, unknown>>;
  const [only] = types;
  const fitting = types.length === 1 ? types : types.filter((type) => fits(type, variables, object));
  if (fitting.length === 1 || !only) return only ? ofType(fitting[0]!, variables, object) : NOTHING;
  const costs = (fitting.length === 0 ? types : fitting).map((type) => ofType(type, variables, object));
  return { weight: Math.max(...costs.map(({ weight }) => weight)), fields: Math.max(...costs.map(({ fields }) => fields)) };
}

/** It says so itself, or has the names that an object of the type has, and no others. */
function fits({ name, fields, typeNames }: CostedType, variables: Variables, object: Readonly<Record<string, unknown>>): boolean {
  const said = typeNames.filter((each) => Object.hasOwn(object, each));
  if (said.length > 0) return object[said[0]!] === name;
  const there = fields.filter(({ isThere }) => isThere === null || isThere(variables));
  return Object.keys(object).length === there.length && there.every((field) => Object.hasOwn(object, field.name));
}

function ofType({ weight, fields }: CostedType, variables: Variables, object: Readonly<Record<string, unknown>>): ObjectCost {
  let total = 0;
  for (const field of fields) if (Object.hasOwn(object, field.name)) total += ofField(field, variables, object[field.name]);
  return { weight, fields: total };
}

function ofField(field: CostedField, variables: Variables, value: unknown): number {
  const { weight, fields } = ofValue(field, variables, value, field.lists);
  return Math.max(0, weight + valueOf(field.argumentsCost, variables, NO_SLOTS)) + fields;
}

/** What a field says of itself counts also when it is null: it was asked for. A list that is null has nothing in it. */
function ofValue(field: CostedField, variables: Variables, value: unknown, lists: number): ObjectCost {
  if (lists > 0) {
    const total = { weight: 0, fields: 0 };
    for (const item of Array.isArray(value) ? value : []) {
      const { weight, fields } = ofValue(field, variables, item, lists - 1);
      total.weight += weight;
      total.fields += fields;
    }
    return total;
  }
  const { weight, selection } = field;
  const object = selection ? ofObject(selection, variables, value) : NOTHING;
  return { weight: weight ?? object.weight, fields: object.fields };
}
