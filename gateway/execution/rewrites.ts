import type { FetchDataRewrite } from '../planner/federation.js';
import { isObject, type JsonObject } from './Target.js';

/** Whether an object's type is, or implements, the type of a condition. */
export type IsPossibleType = (typeName: string, condition: string) => boolean;

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
