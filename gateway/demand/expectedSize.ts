import { isInputObjectType, getNamedType, type FieldNode, type GraphQLField, type GraphQLInputType } from 'graphql';
import type { ListSize } from './readCosts.js';
import { givenArgument, type GivenArgument } from './givenArgument.js';
import type { Term, Variables } from './terms.js';

/** How long a list is thought to be, by the arguments of one field of one operation. */
export interface ExpectedSize {
  /** The variables say nothing about it. */
  readonly isKnown: boolean;
  /** Null: nothing says so. */
  size(variables: Variables): number | null;
  /** In words, that one slicing argument is wanted and there is none, or several. Null: it never is so. */
  readonly problem: ((variables: Variables) => string | null) | null;
}

/** A slicing argument, or a field in one. */
interface Slicing {
  readonly name: string;
  readonly argument: GivenArgument;
  readonly path: readonly string[];
  /** What it is when nobody says so. */
  readonly fallback: unknown;
}

/**
 * The most that one of the slicing arguments says (a number, or a list of what is asked for), else the assumed size. Numbers below
 * zero say nothing: to some servers they mean all there is.
 */
export function expectedSize(
  directive: ListSize,
  node: FieldNode,
  field: GraphQLField<unknown, unknown>,
  coordinate: string,
): ExpectedSize {
  const slicing = directive.slicingArguments.flatMap((name) => slicingOf(name, node, field) ?? []);
  const { assumedSize } = directive;
  const size = (variables: Variables): number | null => {
    let most: number | null = null;
    for (const each of slicing) {
      const said = toSize(read(each, variables));
      if (said !== null && (most === null || said > most)) most = said;
    }
    return most ?? assumedSize;
  };
  const isKnown = slicing.every(({ argument }) => argument.isKnown);
  const wantsOne = directive.requireOneSlicingArgument && slicing.length > 0;
  const isFine = !wantsOne || (isKnown && problemOf(slicing, {}, coordinate) === null);
  return { isKnown, size, problem: isFine ? null : (variables) => problemOf(slicing, variables, coordinate) };
}

/** What the first of them says that says anything. */
export function firstSaid(sizes: readonly ExpectedSize[], unsaid: number): Term {
  const size = (variables: Variables): number => {
    for (const each of sizes) {
      const said = each.size(variables);
      if (said !== null) return said;
    }
    return unsaid;
  };
  return sizes.every(({ isKnown }) => isKnown) ? size({}) : size;
}

function slicingOf(name: string, node: FieldNode, field: GraphQLField<unknown, unknown>): Slicing | undefined {
  const [first, ...path] = name.split('.');
  const definition = field.args.find((argument) => argument.name === first);
  if (!definition) return undefined;
  const fallback = path.length === 0 ? definition.defaultValue : defaultAt(definition.type, path);
  return { name, argument: givenArgument(node, definition), path, fallback };
}

/** Of the input field at the end of the path. */
function defaultAt(type: GraphQLInputType, [name, ...rest]: readonly string[]): unknown {
  const named = getNamedType(type);
  const field = isInputObjectType(named) ? named.getFields()[name!] : undefined;
  return field && (rest.length === 0 ? field.defaultValue : defaultAt(field.type, rest));
}

function read({ argument, path }: Slicing, variables: Variables): unknown {
  let value = argument.value(variables);
  for (const name of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

function toSize(value: unknown): number | null {
  if (Array.isArray(value)) return value.length;
  return typeof value === 'number' && value >= 0 ? value : null;
}

/** What is only the schema's default does not count as a second one. Asked for each request, so words are made only when needed. */
function problemOf(slicing: readonly Slicing[], variables: Variables, coordinate: string): string | null {
  let isThere = false;
  let chosen = 0;
  for (const each of slicing) {
    const value = read(each, variables) ?? null;
    if (value !== null) isThere = true;
    if (value !== null && value !== each.fallback) chosen++;
  }
  if (isThere && chosen <= 1) return null;
  const names = slicing.map(({ name }) => `"${name}"`).join(', ');
  return `${coordinate} needs exactly one of ${names}, and the operation gives ${isThere ? chosen : 'none'}.`;
}
