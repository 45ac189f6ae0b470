/** What fetches call the variables that the planner adds, and what stands for a client's variable of such a name. */
const RENAMED = '_client_';
const TAKEN = /^(representations$|contextualArgument_|_client_)/;

/**
 * The name that a client's variable has in the fetches of a plan. A client may call one `$representations`, as the planner calls the
 * entities that it asks for; then the two would meet in one fetch.
 */
export function fetchedVariable(name: string): string {
  return TAKEN.test(name) ? `${RENAMED}${name}` : name;
}

/** The client's name for a variable of a fetch that is his. */
export function clientVariable(fetched: string): string {
  return fetched.startsWith(RENAMED) ? fetched.slice(RENAMED.length) : fetched;
}

/** The values of a client's variables by the names that they have in fetches; none of them can pass for one of the planner's. */
export function withFetchedNames(variables: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [fetchedVariable(name), value]));
}
