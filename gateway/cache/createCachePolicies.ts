import { visit, type DocumentNode } from 'graphql';
import type { Supergraph } from '../planner/loadSupergraph.js';
import type { FetchNode } from '../planner/federation.js';
import type { OperationPlan } from '../planner/OperationPlan.js';
import { findOperation } from '../planner/rootFields.js';
import { withFetchedNames } from '../planner/variableNames.js';
import { createCacheHints } from './cacheHints.js';
import { NEVER, restrict, UNSAID, type CachePolicy } from './CachePolicy.js';
import { fetchesOf, operationOf } from './fetchesOf.js';
import { selectionPolicy } from './selectionPolicy.js';

type Variables = Readonly<Record<string, unknown>>;

interface Governed {
  readonly governed: { readonly document: DocumentNode };
}

interface Planned {
  readonly plan: OperationPlan;
  readonly coerced: Variables;
}

/** Worked out once for each operation and fetch, unless @skip and @include make it depend on the variables. */
export function createCachePolicies(supergraph: Supergraph) {
  const hints = createCacheHints(supergraph);
  const ofNode = (unhinted: CachePolicy) =>
    memoized(
      (node: FetchNode) => node,
      (node) => operationOf(node).document,
      (node, variables) => {
        const { document, operation } = operationOf(node);
        return selectionPolicy(supergraph, hints, document, operation, variables, unhinted);
      },
    );
  const ofHinted = ofNode(UNSAID);
  const ofClient = memoized(
    ({ governed }: Governed) => governed.document,
    ({ governed }) => governed.document,
    ({ governed: { document } }: Governed, variables: Variables) =>
      selectionPolicy(supergraph, hints, document, findOperation(document), variables),
  );
  return {
    /** Of a fetch for its own sake; its variables are by the names that they have there. */
    ofFetch: ofNode(NEVER),
    /** Of what the client asked for, and of what is fetched only so that something else can be (`@requires`, keys). */
    ofOperation: (asked: Governed & Planned): CachePolicy => {
      const fetched = withFetchedNames(asked.coerced);
      return fetchesOf(asked.plan, asked.coerced)
        .map((node) => ofHinted(node, fetched))
        .reduce(restrict, ofClient(asked, asked.coerced));
    },
  };
}

/** By something that lives as long as what is asked about. */
function memoized<Of>(
  keyOf: (of: Of) => object,
  documentOf: (of: Of) => DocumentNode,
  work: (of: Of, variables: Variables) => CachePolicy,
): (of: Of, variables: Variables) => CachePolicy {
  /** Null: it depends on the variables. */
  const known = new WeakMap<object, CachePolicy | null>();
  return (of, variables) => {
    const key = keyOf(of);
    let policy = known.get(key);
    if (policy === undefined) known.set(key, (policy = hasConditions(documentOf(of)) ? null : work(of, variables)));
    return policy ?? work(of, variables);
  };
}

function hasConditions(document: DocumentNode): boolean {
  let found = false;
  visit(document, {
    Directive: ({ name }) => {
      if (name.value === 'skip' || name.value === 'include') found = true;
    },
  });
  return found;
}
