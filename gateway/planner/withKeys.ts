import type { FetchNode, QueryPlanSelectionNode } from './federation.js';
import type { Supergraph } from './loadSupergraph.js';

type Fragment = Extract<QueryPlanSelectionNode, { readonly kind: 'InlineFragment' }>;

/**
 * The fetch with nothing sent that has no key. Where a type is asked for what its interface requires, the planner sends the key of the
 * one and what is required of the other, so that objects of other types would be sent without a key. What a fragment has beside keys
 * is sent of those objects only of which another fragment has a key.
 */
export function withKeys(fetch: FetchNode, supergraph: Supergraph): FetchNode {
  const fragments = (fetch.requires ?? []).filter((each): each is Fragment => each.kind === 'InlineFragment');
  if (fragments.length < 2 || fragments.length !== fetch.requires!.length) return fetch;
  const keyed = fragments.filter((each) => hasKey(each, fetch, supergraph));
  if (keyed.length === 0 || keyed.length === fragments.length) return fetch;
  const requires = fragments.flatMap((each): Fragment[] => {
    if (keyed.includes(each)) return [each];
    const types = new Set(keyed.flatMap(({ typeCondition }) => common(each.typeCondition, typeCondition, supergraph)));
    return [...types].map((typeCondition) => ({ ...each, typeCondition }));
  });
  return { ...fetch, requires };
}

function hasKey({ typeCondition, selections }: Fragment, { serviceName }: FetchNode, { requiredInputs }: Supergraph): boolean {
  return typeCondition !== undefined && requiredInputs.hasKey(serviceName, typeCondition, new Set(namesIn(selections)));
}

/** Those in fragments under conditions among them. */
function namesIn(selections: readonly QueryPlanSelectionNode[]): string[] {
  return selections.flatMap((each) => (each.kind === 'Field' ? [each.name] : namesIn(each.selections)));
}

function common(a: string | undefined, b: string | undefined, { possibleTypes }: Supergraph): readonly string[] {
  if (a === undefined || b === undefined) return [a ?? b].filter((each) => each !== undefined);
  const [ofA, ofB] = [possibleTypes(a), possibleTypes(b)];
  if (ofA.every((each) => ofB.includes(each))) return [a];
  if (ofB.every((each) => ofA.includes(each))) return [b];
  return ofA.filter((each) => ofB.includes(each));
}
