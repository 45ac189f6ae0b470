import { MeshError } from '../errors.js';
import { isAborted } from '../fetch/isAborted.js';
import type { SubgraphResponse } from '../fetch/SubgraphClient.js';
import type { FetchStep } from './compileFetch.js';
import { jsonText, quoted } from './jsonText.js';
import type { Run } from './Run.js';
import type { JsonObject } from './Target.js';

/** Asks the subgraph. What keeps it from answering becomes an error of the answer. Never rejects. */
export async function sendFetch({ node, operation }: FetchStep, variables: string, run: Run): Promise<SubgraphResponse> {
  const { clients, context } = run;
  const service = node.serviceName;
  const client = clients.get(service);
  try {
    if (!client) throw new MeshError('SUBREQUEST_FAILED', `There is no client for the subgraph ${service}.`);
    if (isAborted(context)) throw new MeshError('DEADLINE_EXCEEDED', 'The time of the operation was over.');
    return await client.request({ operation, variables }, context);
  } catch (error) {
    const known =
      error instanceof MeshError ? error : new MeshError('SUBREQUEST_FAILED', `The subgraph ${service} failed. Try again.`);
    return { data: null, errors: [{ message: known.message, extensions: { ...known.extensions, service } }] };
  }
}

/** Of the operation's variables, those that the fetch uses, and those that it has from a context. */
export function variablesOf({ variables }: FetchStep, run: Run, ofContext: Readonly<JsonObject>): JsonObject {
  const used: JsonObject = { ...ofContext };
  for (const name of variables) if (run.variables[name] !== undefined) used[name] = run.variables[name];
  return used;
}

/** `representations` are JSON texts. */
export function variablesText(variables: Readonly<JsonObject>, representations?: readonly string[]): string {
  let text = representations ? `{"representations":[${representations.join(',')}]` : '{';
  for (const name in variables) text += `${text === '{' ? '' : ','}${quoted(name)}:${jsonText(variables[name])}`;
  return `${text}}`;
}
