import type { SelectionTree } from './selectionTree.js';
import { isObject, isTypeStep, type JsonObject } from './Target.js';

/**
 * A composite place of the growing answer, by data names from the root, whatever list or type lies between. What is known of it before
 * anything runs decides what may be shared: objects of one answer among its targets, and of a subgraph's answer among operations.
 */
export interface Place {
  /** Counts the places of an operation. */
  readonly id: number;
  readonly below: ReadonlyMap<string, Place>;
  /** Some fetch adds to the objects here or below, so they are changed after they have come. */
  readonly isWay: boolean;
  /** Several fetches bring an object here, whose fields have to be joined. */
  readonly isContested: boolean;
}

interface GrowingPlace extends Place {
  readonly below: Map<string, GrowingPlace>;
  isWay: boolean;
  isContested: boolean;
  isBrought: boolean;
}

export interface Places {
  readonly root: Place;
  count(): number;
  /** Notes a fetch that adds to the objects at `path`. */
  add(path: readonly (string | number)[], brings: SelectionTree): Place;
  /** Notes that the way to an object decides what is fetched for it (@fromContext, types on the way), so that no two places may share one. */
  keepApart(): void;
  readonly apart: boolean;
}

/** All fetches of an operation are to be added before the first place is looked at. */
export function createPlaces(): Places {
  let count = 0;
  const make = (): GrowingPlace => ({
    id: count++,
    below: new Map(),
    isWay: false,
    isContested: false,
    isBrought: false,
  });
  const root = make();
  const enter = (place: GrowingPlace, name: string): GrowingPlace => {
    let next = place.below.get(name);
    if (!next) place.below.set(name, (next = make()));
    return next;
  };
  const bring = (place: GrowingPlace, tree: SelectionTree): void => {
    for (const [name, inner] of tree) {
      if (!inner) continue;
      const below = enter(place, name);
      if (below.isBrought) below.isContested = true;
      below.isBrought = true;
      bring(below, inner);
    }
  };
  let apart = false;
  return {
    root,
    count: () => count,
    keepApart: () => {
      apart = true;
    },
    get apart() {
      return apart;
    },
    add: (path, brings) => {
      let place = root;
      for (const step of path) {
        if (step === '@' || isTypeStep(step)) continue;
        place = enter(place, String(step));
        place.isWay = true;
      }
      bring(place, brings);
      return place;
    },
  };
}

/**
 * An object of an answer that others hold too, with copies of all that this operation will change in it. The object itself is copied as
 * well. What nobody changes stays shared.
 */
export function takeOwn(value: JsonObject, place: Place): JsonObject {
  const own = { ...value };
  for (const [name, below] of place.below) {
    if (!below.isContested && !below.isWay) continue;
    const present = own[name];
    if (present !== undefined && present !== null)
      own[name] = below.isContested ? copyJson(present) : takeOwnValue(present, below);
  }
  return own;
}

function takeOwnValue(value: unknown, place: Place): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => takeOwnValue(item, place));
  return isObject(value) ? takeOwn(value, place) : value;
}

export function copyJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyJson);
  if (!isObject(value)) return value;
  const copy: JsonObject = {};
  for (const key of Object.keys(value)) if (key !== '__proto__') copy[key] = copyJson(value[key]);
  return copy;
}
