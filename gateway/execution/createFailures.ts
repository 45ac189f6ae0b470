import type { GraphQLFormattedError } from 'graphql';
import type { ResponsePath } from './Target.js';

/** What went wrong in an operation, and where in its answer, so that each null is explained once and no subgraph is blamed for another's. */
export interface Failures {
  readonly errors: readonly GraphQLFormattedError[];
  /** All places are explained by it; it is shown at the first MAX_SHOWN. Without a place it is about the whole operation. */
  report(error: GraphQLFormattedError, places: readonly ResponsePath[]): void;
  /** The places are null because of something that is reported elsewhere. */
  excuse(places: readonly ResponsePath[]): void;
  /** Whether an error around this place, at it or below it says why it is null. Its time does not grow with the number of errors. */
  explain(path: ResponsePath): boolean;
}

const NONE: readonly GraphQLFormattedError[] = [];

interface Place {
  failed: boolean;
  readonly below: Map<string | number, Place>;
}

/** One failed fetch may leave a hundred thousand holes; the client learns as much from some of them. */
const MAX_SHOWN = 100;

/** `denied`: errors of fields that were cut out before planning. Their paths have no list indices, as they hold for every item. */
export function createFailures(denied: readonly GraphQLFormattedError[] = NONE): Failures {
  const errors: GraphQLFormattedError[] = [...denied];
  const places = newPlace();
  const shown = new Set<string>();
  let deniedPlaces: Place | undefined;
  const isDenied = (path: ResponsePath): boolean => {
    if (denied.length === 0) return false;
    if (!deniedPlaces) {
      deniedPlaces = newPlace();
      for (const each of denied) if (each.path) mark(deniedPlaces, each.path);
    }
    return isWithin(
      deniedPlaces,
      path.filter((step) => typeof step === 'string'),
    );
  };

  return {
    errors,
    report: (error, at) => {
      let left = MAX_SHOWN;
      const show = (path?: ResponsePath): void => {
        const key = JSON.stringify([error.message, path]);
        if (left === 0 || shown.has(key)) return;
        shown.add(key);
        left--;
        errors.push(path ? { ...error, path } : error);
      };
      const located = at.filter(({ length }) => length > 0);
      if (located.length === 0) show();
      for (const path of located) {
        mark(places, path);
        show(path);
      }
    },
    excuse: (at) => {
      for (const path of at) if (path.length > 0) mark(places, path);
    },
    explain: (path) => isWithin(places, path) || isDenied(path),
  };
}

function newPlace(): Place {
  return { failed: false, below: new Map() };
}

function mark(root: Place, path: ResponsePath): void {
  let place = root;
  for (const step of path) {
    let next = place.below.get(step);
    if (!next) place.below.set(step, (next = newPlace()));
    place = next;
  }
  place.failed = true;
}

function isWithin(root: Place, path: ResponsePath): boolean {
  let place: Place | undefined = root;
  for (const step of path) {
    if (place.failed) return true;
    place = place.below.get(step);
    if (!place) return false;
  }
  return true;
}
