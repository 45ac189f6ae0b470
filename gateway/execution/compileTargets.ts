import { generate, member } from './generate.js';
import type { Place } from './places.js';
import type { IsPossibleType } from './rewrites.js';
import { isOneOf, isTypeStep, typesOf, type JsonObject, type ResponsePath } from './Target.js';

/**
 * Adds the objects at the end of a path to `found`. Where `isRepeated` says of a place's number that its values stand in several places
 * of the answer, each is walked once.
 */
export type CollectTargets = (root: JsonObject, found: JsonObject[], isRepeated: Uint8Array) => void;

/** `path` begins at `root` and has data names, `@` for the items of a list, and types to go on with; nulls lead nowhere. */
export function compileTargets(root: Place, path: ResponsePath, isPossible: IsPossibleType): CollectTargets {
  const lines: string[] = [];
  const types = path.map((step) => (isTypeStep(step) ? typesOf(step) : []));
  let place = root;
  let value = 'root';
  let closing = '';
  path.forEach((step, index) => {
    const next = `v${index}`;
    if (isTypeStep(step)) {
      lines.push(`if(!isOneOf(${value},types[${index}],isPossible))${closing.includes('}') ? 'continue' : 'return'};`);
      lines.push(`const ${next}=${value};`);
      value = next;
      return;
    }
    const rest = (from: number): string => `loose(${next},path,${from},found,isPossible)`;
    const leave = closing.includes('}') ? 'continue' : 'return';
    if (step === '@') {
      lines.push(`if(!Array.isArray(${value})){loose(${value},path,${index},found,isPossible);${leave}}`);
      lines.push(`for(let i${index}=0;i${index}<${value}.length;i${index}++){const ${next}=${value}[i${index}];`);
      closing += '}';
    } else {
      place = place.below.get(String(step))!;
      lines.push(`const ${next}=${member(value, String(step))};`);
    }
    const afterNull = closing.includes('}') ? 'continue' : 'return';
    lines.push(`if(${next}===null||typeof ${next}!=='object')${afterNull};`);
    const isListNext = path[index + 1] === '@';
    if (!isListNext) lines.push(`if(Array.isArray(${next})){${rest(index + 1)};${afterNull}}`);
    if (step !== '@') lines.push(`if(isRepeated[${place.id}]===1){if(seen.has(${next}))${afterNull};seen.add(${next});}`);
    value = next;
  });
  const source = `return function(root,found,isRepeated){const seen=new Seen();${lines.join('')}found.push(${value});${closing}}`;
  return generate<CollectTargets>({ loose, path, types, isOneOf, isPossible, Seen: LazySet }, source);
}

/** Most paths meet nothing that is repeated. */
class LazySet {
  #seen: Set<unknown> | undefined;
  has(value: unknown): boolean {
    return this.#seen?.has(value) ?? false;
  }
  add(value: unknown): void {
    (this.#seen ??= new Set()).add(value);
  }
}

/** What a subgraph sends may be a list where none was declared, or none where one was: whatever objects are there are found. */
function loose(value: unknown, path: ResponsePath, step: number, found: JsonObject[], isPossible: IsPossibleType): void {
  if (value === null || typeof value !== 'object') return;
  if (Array.isArray(value)) {
    const next = path[step] === '@' ? step + 1 : step;
    for (const item of value) loose(item, path, next, found, isPossible);
  } else if (step === path.length) found.push(value as JsonObject);
  else {
    const key = path[step]!;
    if (isTypeStep(key)) {
      if (isOneOf(value as JsonObject, typesOf(key), isPossible)) loose(value, path, step + 1, found, isPossible);
    } else if (Object.hasOwn(value, key)) loose((value as JsonObject)[key], path, step + 1, found, isPossible);
  }
}
