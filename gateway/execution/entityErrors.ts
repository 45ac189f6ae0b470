import { Kind, type GraphQLFormattedError } from 'graphql';
import { conditionsHold } from '../planner/conditionsHold.js';
import type { FetchStep } from './compileFetch.js';

import { reportErrors } from './reportErrors.js';
import type { Run } from './Run.js';
import { namesIn, selectionsOf } from './selectionTree.js';
import { descend, isObject, type Target } from './Target.js';
import { NOTHING, type Asked } from './toAsked.js';

/** Reports what went wrong with a fetch of entities at every place where the answer shows it. Called before anything is merged. */
export function entityErrors(
  step: FetchStep,
  asked: Asked,
  errors: readonly GraphQLFormattedError[],
  entities: readonly unknown[],
  missing: readonly number[],
  run: Run,
): void {
  const places = locate(asked, run);
  const fieldsAt = (slots: readonly number[]): (string | number)[][] =>
    slots
      .flatMap((slot) => places[slot]!)
      .flatMap((target) => {
        const absent = absentFields(step, target, run);
        return absent.length > 0 ? absent.map((name) => [...target.path, name]) : [[...target.path]];
      });
  const everywhere = (): (string | number)[][] => fieldsAt(missing);
  reportErrors(
    errors,
    run,
    ([, slot, ...rest]) => {
      const targets = typeof slot === 'number' ? places[slot] : undefined;
      return targets ? targets.map((target) => [...target.path, ...rest]) : everywhere();
    },
    everywhere,
  );
  if (errors.length > 0) {
    run.excuse(fieldsAt(missing.filter((slot) => !isObject(entities[slot]))));
    return;
  }
  const unanswered = fieldsAt(missing.filter((slot) => entities[slot] !== null && !isObject(entities[slot])));
  if (unanswered.length === 0) return;
  const { serviceName: service } = step.node;
  const message = `The subgraph ${service} did not answer for every entity that it was asked for.`;
  run.report({ message, extensions: { code: 'INVALID_SUBGRAPH_DATA', service } }, unanswered);
}

/** By representation: everywhere that its objects stand. */
function locate({ texts, targets, slots, bounds }: Asked, run: Run): Target[][] {
  const places: Target[][] = texts.map(() => []);
  const slotOf = new Map(targets.map((target, index) => [target, slots[index]!]));
  for (const { end } of bounds) {
    for (const target of descend([{ value: run.data, path: [], parent: undefined }], end.path, run.isPossible)) {
      const slot = slotOf.get(target.value);
      if (slot !== undefined && slot !== NOTHING) places[slot]!.push(target);
    }
  }
  return places;
}

/** What the fetch would have added to this target: the fields of its type that are not there yet. */
function absentFields({ node }: FetchStep, { value }: Target, { isPossible, variables }: Run): string[] {
  const [entities] = selectionsOf(node);
  const fragments = entities?.kind === Kind.FIELD ? (entities.selectionSet?.selections ?? []) : [];
  const typeName = String(value['__typename']);
  const matching = fragments.flatMap((fragment) =>
    fragment.kind === Kind.INLINE_FRAGMENT &&
    conditionsHold(fragment, variables) &&
    (!fragment.typeCondition || isPossible(typeName, fragment.typeCondition.name.value))
      ? fragment.selectionSet.selections
      : [],
  );
  return [...new Set(namesIn(matching, variables))].filter((name) => !name.startsWith('__') && !Object.hasOwn(value, name));
}
