import type { GraphQLFormattedError } from 'graphql';
import type { IsPossibleType } from './rewrites.js';

export type JsonObject = Record<string, unknown>;
export type ResponsePath = readonly (string | number)[];

/** An object of the growing answer that a fetch adds to, where it stands, and the objects around it (for @fromContext). */
export interface Target {
  readonly value: JsonObject;
  readonly path: ResponsePath;
  readonly parent: Target | undefined;
}

/** The objects that a plan's path leads to; `@` steps through a list, `... on A|B` goes on with these types, and nulls lead nowhere. */
export function descend(targets: readonly Target[], path: ResponsePath, isPossible: IsPossibleType): Target[] {
  return targets.flatMap((target) => follow(target.value, path, 0, target.path, target, isPossible));
}

function follow(
  value: unknown,
  path: ResponsePath,
  step: number,
  at: ResponsePath,
  parent: Target,
  isPossible: IsPossibleType,
): Target[] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) {
    const next = path[step] === '@' ? step + 1 : step;
    return value.flatMap((item, index) => follow(item, path, next, [...at, index], parent, isPossible));
  }
  if (typeof value !== 'object') return [];
  const object = value as JsonObject;
  if (step === path.length) return [{ value: object, path: at, parent: parent.value === object ? parent.parent : parent }];
  const key = path[step]!;
  if (isTypeStep(key))
    return isOneOf(object, typesOf(key), isPossible) ? follow(value, path, step + 1, at, parent, isPossible) : [];
  const here: Target = parent.value === object ? parent : { value: object, path: at, parent };
  return follow(object[key], path, step + 1, [...at, key], here, isPossible);
}

/** A step of a path that goes on with some types only: `... on A|B`. */
export function isTypeStep(step: string | number): step is `... on ${string}` {
  return typeof step === 'string' && step.startsWith('... on ');
}

export function typesOf(step: string): string[] {
  return step.slice('... on '.length).split('|');
}

/** An object that is known by its interface only may be any of its types. */
export function isOneOf({ __typename: name }: JsonObject, types: readonly string[], isPossible: IsPossibleType): boolean {
  return typeof name !== 'string' || types.some((type) => isPossible(name, type) || isPossible(type, name));
}

/** Takes an error and all places of the growing answer that it speaks of. */
export type ErrorSink = (error: GraphQLFormattedError, places: readonly ResponsePath[]) => void;

/** Whether a name is that of an interface of the supergraph. */
export type IsInterface = (typeName: string) => boolean;

/**
 * Adds what a fetch brought: lists by index, objects field by field, everything else replaces. A null leaves standing what another
 * subgraph gave, and a type stays what it is, unless it is only an interface, as a subgraph with @interfaceObject names it.
 */
export function mergeInto(target: JsonObject, source: JsonObject, isInterface: IsInterface): void {
  for (const key in source) {
    // Inside JSON a subgraph may say so; the prototype of all objects is nobody's to change.
    if (key === '__proto__') continue;
    const value = source[key];
    const present = target[key];
    if (key === '__typename' && present !== undefined && !isInterface(String(present))) continue;
    if (value !== undefined) target[key] = merged(present, value, isInterface);
  }
}

/** What stands where two subgraphs have said something: see mergeInto. */
export function merged(present: unknown, value: unknown, isInterface: IsInterface): unknown {
  if (isObject(present) && isObject(value)) mergeInto(present, value, isInterface);
  else if (Array.isArray(present) && Array.isArray(value)) {
    value.forEach((item: unknown, index) => (present[index] = merged(present[index], item, isInterface)));
  } else if (present === undefined || present === null || value !== null) return value;
  return present;
}

export function isObject(value: unknown): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
