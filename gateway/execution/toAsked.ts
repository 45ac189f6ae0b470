import type { Representation, RepresentationOf } from './compileRepresentation.js';
import type { FetchEnd } from './compileFetch.js';
import type { Voids } from './compileVoids.js';
import type { JsonObject } from './Target.js';

/** Where the targets of an end stop in the list of all. */
export interface Bound {
  readonly end: FetchEnd;
  readonly upTo: number;
}

/** The entities that a fetch asks for, each once, and what they stand for. */
export interface Asked {
  /** Representations. */
  readonly texts: readonly string[];
  readonly targets: readonly JsonObject[];
  /** For each target which representation is its; NOTHING: something that is required is missing, and nothing is asked for it. */
  readonly slots: readonly number[];
  readonly bounds: readonly Bound[];
  /** For some representations: response names of what would be computed from something that is missing, and is not asked for. */
  readonly voided: ReadonlyMap<number, ReadonlySet<string>>;
}

const NONE: ReadonlyMap<number, ReadonlySet<string>> = new Map();

export const NOTHING = -1;

/** Of entities with one key, or many with the same one would be compared in pairs. */
const MAX_COMPARED = 8;

/** An entity that stands in many places is compared with the first of them, which costs a fraction of writing it again. */
export function toAsked(of: RepresentationOf, voids: Voids, targets: readonly JsonObject[], bounds: readonly Bound[]): Asked {
  const texts: string[] = [];
  const slots: number[] = [];
  const byText = new Map<string, number>();
  const byKey = new Map<unknown, Known>();
  let voided: Map<number, ReadonlySet<string>> | undefined;
  const slotOf = (representation: Representation, target: JsonObject): number => {
    const missing: string[] = [];
    const text = representation.text(target, missing);
    if (text === undefined) return NOTHING;
    let slot = byText.get(text);
    if (slot !== undefined) return slot;
    const without = missing.length > 0 ? voids(String(target['__typename']), missing) : undefined;
    if (without === 'all') return NOTHING;
    slot = texts.push(text) - 1;
    byText.set(text, slot);
    if (without) (voided ??= new Map()).set(slot, without);
    return slot;
  };
  for (const target of targets) {
    const representation = of(target);
    if (!representation?.comparison) {
      slots.push(representation ? slotOf(representation, target) : NOTHING);
      continue;
    }
    const { comparison } = representation;
    const key = comparison.key(target);
    const first = byKey.get(key);
    let known = first;
    let compared = 0;
    while (known && !(known.representation === representation && comparison.isSame(known.target, target)))
      known = ++compared < MAX_COMPARED ? known.next : undefined;
    if (!known) {
      known = { target, representation, slot: slotOf(representation, target), next: first };
      byKey.set(key, known);
    }
    slots.push(known.slot);
  }
  return { texts, targets, slots, bounds, voided: voided ?? NONE };
}

/** Those that have the same key. */
interface Known {
  readonly target: JsonObject;
  readonly representation: Representation;
  readonly slot: number;
  readonly next: Known | undefined;
}

/** Parts of which each is asked for without the same names. */
export function withoutVoided(asked: Asked): { readonly part: Asked; readonly names: ReadonlySet<string> | undefined }[] {
  const groups = new Map<string, { readonly names: ReadonlySet<string> | undefined; readonly slots: Map<number, number> }>();
  asked.texts.forEach((_, slot) => {
    const names = asked.voided.get(slot);
    const key = names ? [...names].toSorted().join(' ') : '';
    let group = groups.get(key);
    if (!group) groups.set(key, (group = { names, slots: new Map() }));
    group.slots.set(slot, group.slots.size);
  });
  return [...groups.values()].map(({ names, slots }) => ({
    names,
    part: {
      ...asked,
      texts: [...slots.keys()].map((slot) => asked.texts[slot]!),
      slots: asked.slots.map((slot) => slots.get(slot) ?? NOTHING),
      voided: NONE,
    },
  }));
}
