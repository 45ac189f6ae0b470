import { Kind, type SelectionNode } from 'graphql';
import type { FetchNode } from '../planner/federation.js';
import type { RequiredInputs } from '../planner/requiredInputs.js';
import type { IsPossibleType } from './rewrites.js';
import { selectionsOf } from './selectionTree.js';

/**
 * Response names of what a fetch asks of an entity of a type, and which its subgraph would compute from `missing`; 'all' when it asks for
 * nothing else, so that it need not be asked.
 */
export type Voids = (typeName: string, missing: readonly string[]) => ReadonlySet<string> | 'all';

/** Where one condition leaves out what another field requires, or its fetch has failed, the fields that do without it are still to be had. */
export function compileVoids(node: FetchNode, inputs: RequiredInputs, isPossible: IsPossibleType): Voids {
  return (typeName, missing) => {
    const voided = new Set<string>();
    let others = 0;
    const walk = (selections: readonly SelectionNode[]): void => {
      for (const selection of selections) {
        if (selection.kind === Kind.INLINE_FRAGMENT) {
          const condition = selection.typeCondition?.name.value;
          if (condition === undefined || isPossible(typeName, condition)) walk(selection.selectionSet.selections);
        } else if (selection.kind === Kind.FIELD && selection.name.value !== '__typename') {
          const needed = inputs.neededBy(node.serviceName, typeName, selection.name.value);
          if (missing.some((name) => needed.has(name))) voided.add(selection.alias?.value ?? selection.name.value);
          else others++;
        }
      }
    };
    const [entities] = selectionsOf(node);
    if (entities?.kind === Kind.FIELD) walk(entities.selectionSet?.selections ?? []);
    return others === 0 ? 'all' : voided;
  };
}
