import {
  getNamedType,
  isAbstractType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredArgument,
  parse,
  validate,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLSchema,
} from 'graphql';
import type { Choices } from './Choices.js';
import { distancesTo } from './distancesTo.js';

export interface Operation {
  readonly operation: string;
  readonly variables: Record<string, unknown>;
  /** Coordinates that it selects, of the types on which they are selected. */
  readonly used: ReadonlySet<string>;
}

interface Drawing {
  readonly schema: GraphQLSchema;
  readonly choose: Choices;
  readonly marks: ReadonlySet<string>;
  /** Names that keys, @requires and the gateway itself use, as aliases of something else. */
  readonly taken: readonly string[];
  readonly distance: (typeName: string) => number;
  readonly declared: string[];
  readonly variables: Record<string, unknown>;
  readonly fragments: string[];
  readonly used: Set<string>;
  readonly conditions: number;
  /** Fields that may still be drawn: the stock planner takes seconds for a large operation through interfaces. */
  fieldsLeft: number;
}

/** Response names of one object, whatever fragments they stand in, so that fields of one name can be merged. */
type Scope = Map<string, { readonly text: string; readonly below: Scope }>;

export interface OperationOptions {
  readonly kind?: 'query' | 'mutation';
  /** Percent. */
  readonly conditions?: number;
}

const MOST_FIELDS = 30;

/** A random operation that is valid for the schema; null when what was drawn is not. */
export function drawOperation(
  schema: GraphQLSchema,
  marks: ReadonlySet<string>,
  choose: Choices,
  { kind = 'query', conditions = 12 }: OperationOptions = {},
): Operation | null {
  const root = schema.getRootType(kind as never)!;
  const drawing: Drawing = {
    schema,
    choose,
    marks,
    taken: ['id', '__typename', 'code', ...[...marks].map((mark) => mark.split('.')[1]!)],
    distance: distancesTo(schema, marks),
    declared: [],
    variables: {},
    fragments: [],
    used: new Set(),
    conditions,
    fieldsLeft: MOST_FIELDS,
  };
  const selection = drawSelection(drawing, root, 5, new Map());
  const declared = drawing.declared.length > 0 ? ` (${drawing.declared.join(', ')})` : '';
  const operation = [`${kind}${declared} ${selection}`, ...drawing.fragments].join('\n');
  const problems = validate(schema, parse(operation));
  if (problems.length > 0) return null;
  return { operation, variables: drawing.variables, used: drawing.used };
}

function drawSelection(drawing: Drawing, type: GraphQLCompositeType, depth: number, scope: Scope): string {
  const { choose, schema } = drawing;
  const parts: string[] = [];
  const fields = 'getFields' in type ? Object.values(type.getFields()) : [];
  const usable = fields.filter((field) => depth > 1 || !isCompositeType(getNamedType(field.type)));
  for (let count = choose.between(1, 3); count > 0 && usable.length > 0 && drawing.fieldsLeft-- > 0; count--)
    parts.push(drawField(drawing, type, pickField(drawing, type, usable, depth), depth, scope));
  if (choose.chance(25)) parts.push(typename(drawing, scope));
  const conditions = isAbstractType(type)
    ? [type, ...schema.getPossibleTypes(type), ...interfacesAround(schema, type)]
    : [type, ...('getInterfaces' in type ? type.getInterfaces() : [])];
  const wanted = choose.some(conditions, isAbstractType(type) ? 45 : 8, fields.length === 0 ? 1 : 0);
  for (const condition of depth > 1 && drawing.fieldsLeft > 0 ? wanted : []) {
    // Objects of different types may have different fields under one name.
    const own = isObjectType(condition) && condition !== type && choose.chance(25) ? new Map(scope) : scope;
    const inner = drawSelection(drawing, condition, depth - 1, own);
    if (choose.chance(30)) {
      const name = `F${drawing.fragments.length}`;
      drawing.fragments.push(`fragment ${name} on ${condition.name} ${inner}`);
      parts.push(`...${name}${condition_(drawing)}`);
    } else
      parts.push(`... ${condition === type && choose.chance(50) ? '' : `on ${condition.name}`}${condition_(drawing)} ${inner}`);
  }
  if (parts.length === 0) parts.push(typename(drawing, scope));
  return `{ ${choose.chance(50) ? parts.join(' ') : parts.toReversed().join(' ')} }`;
}

/** Other interfaces that some possible type has: fragments on them narrow, too. */
function interfacesAround(schema: GraphQLSchema, type: GraphQLCompositeType): GraphQLCompositeType[] {
  if (!isAbstractType(type)) return [];
  const around = schema.getPossibleTypes(type).flatMap((possible) => possible.getInterfaces());
  return [...new Set<GraphQLCompositeType>(around)].filter((each) => each !== type);
}

/** Marked fields first, then ways to them, then any. */
function pickField(
  { choose, marks, distance }: Drawing,
  type: GraphQLCompositeType,
  fields: readonly GraphQLField<unknown, unknown>[],
  depth: number,
): GraphQLField<unknown, unknown> {
  const weighted = fields.flatMap((field) => {
    const weight = marks.has(`${type.name}.${field.name}`) ? 8 : distance(getNamedType(field.type).name) < depth ? 4 : 1;
    return Array.from({ length: weight }, () => field);
  });
  return choose.pick(weighted);
}

function drawField(
  drawing: Drawing,
  type: GraphQLCompositeType,
  field: GraphQLField<unknown, unknown>,
  depth: number,
  scope: Scope,
): string {
  const { choose } = drawing;
  drawing.used.add(`${type.name}.${field.name}`);
  const args = field.args
    .filter((arg) => isRequiredArgument(arg) || choose.chance(60))
    .map((arg) => `${arg.name}: ${argument(drawing, arg.type, isRequiredArgument(arg))}`);
  const text = `${field.name}${args.length > 0 ? `(${args.join(', ')})` : ''}`;
  const name = responseName(drawing, field.name, `${type.name} ${String(field.type)} ${text}`, scope);
  const { below } = scope.get(name)!;
  const inner = getNamedType(field.type);
  const selection = isCompositeType(inner) ? ` ${drawSelection(drawing, inner, depth - 1, below)}` : '';
  return `${name === field.name ? '' : `${name}: `}${text}${condition_(drawing)}${selection}`;
}

/** The field's own name, an alias, or a name that something else goes by; never one that stands for another field here. */
function responseName({ choose, taken }: Drawing, name: string, text: string, scope: Scope): string {
  const wanted = choose.chance(75) ? name : choose.chance(50) ? `x${choose.below(3)}` : choose.pick(taken);
  const isFree = (each: string): boolean => !scope.has(each) || scope.get(each)!.text === text;
  let free = isFree(wanted) ? wanted : name;
  for (let number = 1; !isFree(free); number++) free = `${name}_${number}`;
  if (!scope.has(free)) scope.set(free, { text, below: new Map() });
  return free;
}

function typename(drawing: Drawing, scope: Scope): string {
  const name = responseName(drawing, '__typename', '__typename', scope);
  return name === '__typename' ? name : `${name}: __typename`;
}

function condition_(drawing: Drawing): string {
  const { choose } = drawing;
  if (!choose.chance(drawing.conditions)) return '';
  const one = (name: string): string =>
    ` @${name}(if: ${choose.chance(25) ? String(choose.chance(50)) : variable(drawing, 'Boolean!', choose.chance(50))})`;
  if (choose.chance(10)) return one('skip') + one('include');
  return one(choose.pick(['skip', 'include']));
}

function variable({ declared, variables, choose }: Drawing, type: string, value: unknown): string {
  const used = declared.findIndex((each) => each.endsWith(`: ${type}`));
  if (used >= 0 && choose.chance(40)) return `$v${used}`;
  const name = `v${declared.length}`;
  declared.push(`$${name}: ${type}`);
  if (value !== undefined) variables[name] = value;
  return `$${name}`;
}

/** A literal or a variable; a variable of a nullable argument may be left out. */
function argument(drawing: Drawing, type: GraphQLInputType, isRequired: boolean): string {
  const { choose } = drawing;
  if (choose.chance(50)) return literal(inputValue(type, choose, 2), type);
  const value = !isRequired && choose.chance(20) ? undefined : inputValue(type, choose, 2);
  const isNull = value === null || value === undefined;
  return variable(drawing, isRequired || !isNull ? String(type) : String(type).replace(/!$/, ''), value);
}

function inputValue(type: GraphQLInputType, choose: Choices, depth: number): unknown {
  if (isNonNullType(type)) return inputValue(type.ofType, choose, depth);
  if (isListType(type))
    return Array.from({ length: choose.below(3) }, () => inputValue(type.ofType as GraphQLInputType, choose, depth));
  if (isEnumType(type)) return choose.pick(type.getValues()).name;
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields()).filter(
      (field) => isRequiredArgument(field as never) || (depth > 0 && choose.chance(50)),
    );
    return Object.fromEntries(fields.map((field) => [field.name, inputValue(field.type, choose, depth - 1)]));
  }
  switch (type.name) {
    case 'Int':
      return choose.below(9);
    case 'Float':
      return choose.below(9) + 0.5;
    case 'Boolean':
      return choose.chance(50);
    default:
      return choose.pick(['one', 'two "quoted"', 'three\nlines']);
  }
}

function literal(value: unknown, type: GraphQLInputType): string {
  if (isNonNullType(type)) return literal(value, type.ofType);
  if (isListType(type))
    return `[${(value as unknown[]).map((item) => literal(item, type.ofType as GraphQLInputType)).join(', ')}]`;
  if (isEnumType(type)) return String(value);
  if (!isInputObjectType(type)) return JSON.stringify(value);
  const fields = Object.entries(value as Record<string, unknown>);
  return `{${fields.map(([name, each]) => `${name}: ${literal(each, type.getFields()[name]!.type)}`).join(', ')}}`;
}
