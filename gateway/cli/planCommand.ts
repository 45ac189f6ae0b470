import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Kind, parse, validate, type DocumentNode } from 'graphql';
import { packageRoot } from '../../subgraphs/shared/packageRoot.js';
import { COST_DEFAULTS } from '../config/costConfig.js';
import { createCosts } from '../demand/createCosts.js';
import { MeshError } from '../errors.js';
import { coerceVariables } from '../pipeline/handleOperation.js';
import { isObject } from '../execution/Target.js';
import { createPlanner } from '../planner/createPlanner.js';
import { loadSupergraph, type Supergraph } from '../planner/loadSupergraph.js';
import { printPlan } from '../planner/printPlan.js';
import { findOperation } from '../planner/rootFields.js';

export interface PlanOptions {
  readonly supergraph?: string;
  readonly operation?: string;
  /** Labels of @override that hold; no chance is taken here. */
  readonly label?: readonly string[];
  /** Whether @defer is kept, as for a client that takes its answer in parts. */
  readonly defer?: boolean;
  /** JSON; what the operation costs may depend on them. */
  readonly variables?: string;
}

/** `mesh plan FILE [--supergraph FILE] [--operation NAME] [--label NAME]… [--defer] [--variables JSON]`. */
export async function planCommand(file: string, options: PlanOptions): Promise<void> {
  const supergraph = loadSupergraph(await read(options.supergraph ?? join(packageRoot, 'schema/supergraph.graphql')));
  const text = await read(file);
  const document = parseOperation(text, file);
  const errors = validate(supergraph.apiSchema, document);
  if (errors.length > 0) throw new MeshError('GRAPHQL_VALIDATION_FAILED', errors.map(String).join('\n\n'));
  const planner = createPlanner(supergraph, { overrideLabels: new Set(options.label), random: () => 1 });
  const operation = alone(document, options.operation);
  const cost = costOf(supergraph, operation, options.variables);
  const plan = planner.plan(operation, undefined, { defer: options.defer ?? false });
  process.stdout.write(`${printPlan(plan)}\n\n${cost}\n`);
}

/** By @cost and @listSize, with the usual size of lists of which nothing is said. */
function costOf(supergraph: Supergraph, document: DocumentNode, text: string | undefined): string {
  const { estimate, problem } = createCosts(supergraph, COST_DEFAULTS.listSize)(document);
  const needed = findOperation(document).variableDefinitions?.some(
    ({ type, defaultValue }) => type.kind === Kind.NON_NULL_TYPE && !defaultValue,
  );
  if (text === undefined && needed) return 'estimated cost: depends on its variables, give them with --variables';
  const variables = coerceVariables({ schema: supergraph.apiSchema, document, variables: parseVariables(text ?? '{}') });
  const refusal = problem(variables);
  return `estimated cost: ${estimate(variables)}${refusal === null ? '' : `\n${refusal}`}`;
}

function parseVariables(text: string): Record<string, unknown> {
  try {
    const variables: unknown = JSON.parse(text);
    if (isObject(variables)) return variables;
  } catch {
    // Answered below, like JSON of another kind.
  }
  throw new MeshError('BAD_USER_INPUT', '--variables must be a JSON object, for example {"first": 10}.');
}

/** The document with one of its operations only. */
function alone(document: DocumentNode, name: string | undefined): DocumentNode {
  const operation = findOperation(document, name);
  const definitions = document.definitions.filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION);
  return { ...document, definitions: [operation, ...definitions] };
}

async function read(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: unknown) => {
    throw new MeshError('BAD_USER_INPUT', `${file} cannot be read: ${(cause as Error).message}`, { cause });
  });
}

function parseOperation(text: string, file: string) {
  try {
    return parse(text);
  } catch (cause) {
    throw new MeshError('GRAPHQL_PARSE_FAILED', `${file}: ${String(cause)}`, { cause });
  }
}
