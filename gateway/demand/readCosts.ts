import {
  getNamedType,
  isCompositeType,
  isInputObjectType,
  Kind,
  parse,
  type FieldNode,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLType,
} from 'graphql';
import type { Supergraph } from '../planner/loadSupergraph.js';

/** What the supergraph's @cost and @listSize say, under whatever names it imports them (https://specs.apollo.dev/cost). */
export interface Costs {
  /** Of an object or a leaf, each time one is answered. */
  ofType(typeName: string): number;
  /** Of a field's value where the field itself says so. Undefined: its type decides. */
  ofField(type: GraphQLObjectType, fieldName: string): number | undefined;
  listSize(type: GraphQLObjectType, fieldName: string): ListSize | undefined;
  argument(type: GraphQLObjectType, fieldName: string, argumentName: string, argumentType: GraphQLInputType): InputCost;
}

/** @listSize. */
export interface ListSize {
  readonly assumedSize: number | null;
  /** Names of arguments; `input.first` is a field of one. */
  readonly slicingArguments: readonly string[];
  /** Fields of what is returned whose size it is, when the field is not itself the list; `results { page }` is further down. */
  readonly sizedFields: readonly FieldNode[];
  readonly requireOneSlicingArgument: boolean;
}

/** Of an argument or an input field that is given. */
export interface InputCost {
  /** Undefined: nothing says so. Then an input object has a default. */
  readonly weight: number | undefined;
  /** How many lists are around it. A custom scalar may be a list by itself, which is another matter. */
  readonly lists: number;
  /** Of an input object; input types may hold themselves, so they are looked up when they are needed. */
  readonly fields: ((name: string) => InputCost | undefined) | null;
}

/** https://ibm.github.io/graphql-specs/cost-spec.html, 7.1: composite types have 1, scalars and enums 0. */
export const COMPOSITE = 1;
const LEAF = 0;

/**
 * Weights of what is answered are never below zero, or a long list could make an operation cheap; those of inputs may be. A field that
 * says nothing itself has what the interfaces of its type say of it, the most.
 */
export function readCosts({ directivesOn, interfacesOf, apiSchema }: Supergraph): Costs {
  const weightAt = (...at: Parameters<Supergraph['directivesOn']>): number | undefined => {
    const weight = Number(directivesOn(...at).find(({ name }) => name === 'cost')?.args['weight']);
    return Number.isFinite(weight) ? weight : undefined;
  };
  /** The type's own, or those that it has from its interfaces. */
  const declared = <Found>(typeName: string, find: (declaring: string) => Found | undefined): Found[] => {
    const own = find(typeName);
    return own === undefined ? interfacesOf(typeName).flatMap((name) => find(name) ?? []) : [own];
  };
  const listSizeAt = (typeName: string, fieldName: string): ListSize | undefined => {
    const args = directivesOn(typeName, fieldName).find(({ name }) => name === 'listSize')?.args;
    return args && readListSize(args);
  };
  const most = (weights: readonly number[]): number | undefined => (weights.length === 0 ? undefined : Math.max(...weights));

  const inputTypes = new Map<string, NonNullable<InputCost['fields']>>();
  const inputCost = (type: GraphQLInputType, own: number | undefined): InputCost => {
    const named = getNamedType(type);
    const weight = own ?? weightAt(named.name);
    const lists = listDepth(type);
    if (!isInputObjectType(named)) return { weight, lists, fields: null };
    let fields = inputTypes.get(named.name);
    if (!fields) {
      const known = new Map<string, InputCost | undefined>();
      const costOf = (name: string): InputCost | undefined => {
        const field = named.getFields()[name];
        return field && inputCost(field.type, weightAt(named.name, name));
      };
      fields = (name) => {
        if (!known.has(name)) known.set(name, costOf(name));
        return known.get(name);
      };
      inputTypes.set(named.name, fields);
    }
    return { weight, lists, fields };
  };

  return {
    ofType: onceForEach(
      (typeName: string) => {
        const type = apiSchema.getType(typeName);
        return Math.max(0, weightAt(typeName) ?? (isCompositeType(type) ? COMPOSITE : LEAF));
      },
      (typeName) => typeName,
    ),
    ofField: onceForEach(
      ({ name }: GraphQLObjectType, fieldName: string) => {
        const weight = most(declared(name, (declaring) => weightAt(declaring, fieldName)));
        return weight === undefined ? undefined : Math.max(0, weight);
      },
      ({ name }, fieldName) => `${name}.${fieldName}`,
    ),
    listSize: onceForEach(
      ({ name }: GraphQLObjectType, fieldName: string) => declared(name, (each) => listSizeAt(each, fieldName))[0],
      ({ name }, fieldName) => `${name}.${fieldName}`,
    ),
    argument: onceForEach(
      ({ name }: GraphQLObjectType, fieldName: string, argumentName: string, type: GraphQLInputType) =>
        inputCost(type, most(declared(name, (declaring) => weightAt(declaring, fieldName, argumentName)))),
      ({ name }, fieldName, argumentName) => `${name}.${fieldName}.${argumentName}`,
    ),
  };
}

/** An operation may ask for the same field thousands of times, for each of a hundred types. As many are kept as the supergraph has. */
function onceForEach<Args extends unknown[], Found>(
  find: (...args: Args) => Found,
  keyOf: (...args: Args) => string,
): (...args: Args) => Found {
  const known = new Map<string, Found>();
  return (...args) => {
    const key = keyOf(...args);
    let found = known.get(key);
    if (found === undefined && !known.has(key)) known.set(key, (found = find(...args)));
    return found!;
  };
}

function readListSize(args: Readonly<Record<string, unknown>>): ListSize {
  const { assumedSize, slicingArguments, sizedFields, requireOneSlicingArgument } = args;
  return {
    assumedSize: typeof assumedSize === 'number' ? Math.max(0, assumedSize) : null,
    slicingArguments: Array.isArray(slicingArguments) ? slicingArguments.map(String) : [],
    sizedFields: Array.isArray(sizedFields) ? sizedFields.flatMap(readFields) : [],
    requireOneSlicingArgument: requireOneSlicingArgument !== false,
  };
}

/** What is not a selection sizes nothing. */
function readFields(text: unknown): FieldNode[] {
  try {
    const [definition] = parse(`{${String(text)}}`, { noLocation: true }).definitions;
    const selections = definition?.kind === Kind.OPERATION_DEFINITION ? definition.selectionSet.selections : [];
    return selections.filter((selection) => selection.kind === Kind.FIELD);
  } catch {
    return [];
  }
}

/** How many lists are around each other: 2 for `[[Int!]!]`. */
export function listDepth(type: GraphQLType): number {
  return String(type).split('[').length - 1;
}

/**
 * What a given value adds: its own weight, and what is in it. As Apollo's router has it: nothing for null, a list as itself (where
 * something says what it weighs) and each of its items once more.
 */
export function inputValueCost(value: unknown, cost: InputCost, lists = cost.lists): number {
  if (value === null || value === undefined) return 0;
  if (lists > 0 && Array.isArray(value))
    return value.reduce((sum: number, item) => sum + inputValueCost(item, cost, lists - 1), cost.weight ?? 0);
  if (!cost.fields) return cost.weight ?? 0;
  let sum = cost.weight ?? COMPOSITE;
  for (const [name, inner] of Object.entries(value)) {
    const field = cost.fields(name);
    if (field) sum += inputValueCost(inner, field);
  }
  return sum;
}
