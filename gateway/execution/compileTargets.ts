import { generate, member } from './generate.js';
import type { Place } from './places.js';
import type { JsonObject, ResponsePath } from './Target.js';

/**
 * Adds the objects at the end of a path to `found`. Where `isRepeated` says of a place's number that its values stand in several places
 * of the answer, each is walked once.
 */
export type CollectTargets = (root: JsonObject, found: JsonObject[], isRepeated: Uint8Array) => void;

/** `path` begins at `root` and has data names and `@` for the items of a list; nulls lead nowhere. */
export function compileTargets(root: Place, path: ResponsePath): CollectTargets {
  const lines: string[] = [];
  let place = root;
  let value = 'root';
  let closing = '';
  path.forEach((step, index) => {
    const next = `v${index}`;
    const rest = (from: number): string => `loose(${next},path,${from},found)`;
    const leave = closing.includes('}') ? 'continue' : 'return';
    if (step === '@') {
      lines.push(`if(!Array.isArray(${value})){loose(${value},path,${index},found);${leave}}`);
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
  return generate<CollectTargets>({ loose, path, Seen: LazySet }, source);
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
function loose(value: unknown, path: ResponsePath, step: number, found: JsonObject[]): void {
  if (value === null || typeof value !== 'object') return;
  if (Array.isArray(value)) {
    const next = path[step] === '@' ? step + 1 : step;
    for (const item of value) loose(item, path, next, found);
  } else if (step === path.length) found.push(value as JsonObject);
  else if (Object.hasOwn(value, path[step]!)) loose((value as JsonObject)[path[step]!], path, step + 1, found);
}
