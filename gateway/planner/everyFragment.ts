import { createRequire } from 'node:module';

type Advance = (schema: unknown, option: unknown, element: { readonly kind: string }, labels: unknown) => unknown[] | undefined;

// The planner's own copy. It calls the function through the module's exports, which is what makes it reachable at all.
const ofPlanner = createRequire(createRequire(import.meta.url).resolve('@apollo/query-planner'));
const graphPaths = ofPlanner('@apollo/query-graphs/dist/graphPath.js') as { advanceSimultaneousPathsWithOperation: Advance };
const advance = graphPaths.advanceSimultaneousPathsWithOperation;

let kept = false;
let depth = 0;
/** The fragment whose ways the planner is going through, and whether one of them led somewhere. */
let fragment: unknown;
let ledSomewhere = false;

graphPaths.advanceSimultaneousPathsWithOperation = (schema, option, element, labels) => {
  depth++;
  try {
    const followups = advance(schema, option, element, labels);
    if (!kept || depth > 1 || element.kind !== 'FragmentElement') return followups;
    if (element !== fragment) [fragment, ledSomewhere] = [element, false];
    if (followups?.length === 0 && ledSomewhere) return undefined;
    ledSomewhere ||= (followups?.length ?? 0) > 0;
    return followups;
  } finally {
    depth--;
  }
};

/**
 * Where subgraphs share a field whose union or interface has other members in each of them, the planner drops a fragment on a type that
 * only one of them knows: another one cannot give it, and all are held to give the same. They do not: each gives the members that it
 * has. So here a way on which the fragment is nothing does not count as long as there is another; where that leaves no plan, the
 * planner's own is taken. Synchronous, as is the planner.
 */
export function withEveryFragment<Plan>(plan: () => Plan): Plan {
  kept = true;
  try {
    return plan();
  } catch {
    kept = false;
    return plan();
  } finally {
    [kept, fragment] = [false, undefined];
  }
}
