import type { FetchDataRewrite, QueryPlanSelectionNode } from '../planner/federation.js';
import { isObject, type JsonObject } from './Target.js';

/** Whether an object's type is, or implements, the type of a condition. */
export type IsPossibleType = (typeName: string, condition: string) => boolean;

/**
 * The part of an entity that a fetch requires, as a fresh object; undefined when something of it is missing (then the fetch cannot
 * be made for this entity). Null is a value: a nullable field that is required may be null.
 */
export function project(
  value: JsonObject,
  selections: readonly QueryPlanSelectionNode[],
  isPossible: IsPossibleType,
): JsonObject | undefined {
  const result: JsonObject = {};
  for (const selection of selections) {
    if (selection.kind === 'InlineFragment') {
      if (selection.typeCondition !== undefined && !matches(value, selection.typeCondition, isPossible)) continue;
      const part = project(value, selection.selections, isPossible);
      if (part === undefined) return undefined;
      deepAssign(result, part);
      continue;
    }
    const name = selection.alias ?? selection.name;
    const found = value[name];
    if (found === undefined) return undefined;
    const part = selection.selections ? projectValue(found, selection.selections, isPossible) : found;
    if (part === undefined) return undefined;
    result[name] = part;
  }
  return result;
}

function projectValue(value: unknown, selections: readonly QueryPlanSelectionNode[], isPossible: IsPossibleType): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => projectValue(item, selections, isPossible));
    return items.includes(undefined) ? undefined : items;
  }
  return isObject(value) ? project(value, selections, isPossible) : value;
}

/** Two fragments that select from one field: what either of them selects, in each item of a list. */
function deepAssign(target: JsonObject, source: JsonObject): void {
  for (const [key, value] of Object.entries(source)) target[key] = joined(target[key], value);
}

function joined(present: unknown, value: unknown): unknown {
  if (isObject(present) && isObject(value)) deepAssign(present, value);
  else if (Array.isArray(present) && Array.isArray(value)) return value.map((item, index) => joined(present[index], item));
  else return value;
  return present;
}

function matches(value: JsonObject, condition: string, isPossible: IsPossibleType): boolean {
  const typeName = value['__typename'];
  return typeof typeName === 'string' ? isPossible(typeName, condition) : true;
}

/** Applies the planner's rewrites to `root` in place. Its paths hold field names and `... on Type`; lists are passed through. */
export function applyRewrites(
  root: JsonObject,
  rewrites: readonly FetchDataRewrite[] | undefined,
  isPossible: IsPossibleType,
): void {
  for (const rewrite of rewrites ?? []) rewriteAt(root, rewrite.path, rewrite, isPossible);
}

function rewriteAt(value: unknown, path: readonly string[], rewrite: FetchDataRewrite, isPossible: IsPossibleType): void {
  if (Array.isArray(value)) {
    for (const item of value) rewriteAt(item, path, rewrite, isPossible);
    return;
  }
  if (!isObject(value)) return;
  const [step, ...rest] = path;
  if (step === undefined) return;
  if (step.startsWith('... on ')) {
    if (matches(value, step.slice('... on '.length), isPossible)) rewriteAt(value, rest, rewrite, isPossible);
  } else if (rest.length > 0) {
    rewriteAt(value[step], rest, rewrite, isPossible);
  } else if (rewrite.kind === 'ValueSetter') {
    value[step] = rewrite.setValueTo;
  } else if (step in value) {
    value[rewrite.renameKeyTo] = value[step];
    delete value[step];
  }
}
