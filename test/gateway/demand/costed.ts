import { parse, validate } from 'graphql';
import { actualCost } from '../../../gateway/demand/actualCost.js';
import { readCosts } from '../../../gateway/demand/costs.js';
import { costOperation } from '../../../gateway/demand/costOperation.js';
import { compileEstimate } from '../../../gateway/demand/estimateCost.js';
import { coerceVariables } from '../../../gateway/pipeline/handleOperation.js';
import { loadSupergraph } from '../../../gateway/planner/loadSupergraph.js';
import { compose, link } from '../../support/federate.js';

const FEDERATION = link('2.9', 'key', 'shareable', 'cost', 'listSize');

/** What operations on one subgraph cost. */
export function costed(sdl: string, listSize = 10) {
  return costedSupergraph(compose({ one: `${FEDERATION}${sdl}` }), listSize);
}

export function costedSupergraph(supergraphSdl: string, listSize = 10) {
  const supergraph = loadSupergraph(supergraphSdl);
  const { apiSchema: schema } = supergraph;
  const costs = readCosts(supergraph);
  const cost = (query: string, variables: Record<string, unknown>) => {
    const document = parse(query);
    const [invalid] = validate(schema, document);
    if (invalid) throw invalid;
    const operation = costOperation(schema, costs, document, listSize);
    if (!operation) throw new Error('too many selections');
    return { operation, coerced: coerceVariables({ schema, document, variables }) };
  };
  return {
    supergraph,
    estimate: (query: string, variables: Record<string, unknown> = {}): number => {
      const { operation, coerced } = cost(query, variables);
      return compileEstimate(operation)(coerced);
    },
    actual: (query: string, data: unknown, variables: Record<string, unknown> = {}): number => {
      const { operation, coerced } = cost(query, variables);
      return actualCost(operation, coerced, data);
    },
    problems: (query: string, variables: Record<string, unknown> = {}): string[] => {
      const { operation, coerced } = cost(query, variables);
      return operation.checks.flatMap((check) => check(coerced) ?? []);
    },
    selections: (query: string): number => cost(query, {}).operation.selections.length,
  };
}
