import { parse, validate } from 'graphql';
import { actualCost } from '../../../gateway/demand/actualCost.js';
import { createCosts } from '../../../gateway/demand/createCosts.js';
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
  const costOf = createCosts(supergraph, listSize);
  const cost = (query: string, variables: Record<string, unknown>) => {
    const document = parse(query);
    const [invalid] = validate(schema, document);
    if (invalid) throw invalid;
    return { ...costOf(document), coerced: coerceVariables({ schema, document, variables }) };
  };
  return {
    estimate: (query: string, variables: Record<string, unknown> = {}): number => {
      const { estimate, coerced } = cost(query, variables);
      return estimate(coerced);
    },
    actual: (query: string, data: unknown, variables: Record<string, unknown> = {}): number => {
      const { costed: operation, coerced } = cost(query, variables);
      return actualCost(operation!, coerced, data);
    },
    problem: (query: string, variables: Record<string, unknown> = {}): string | null => {
      const { problem, coerced } = cost(query, variables);
      return problem(coerced);
    },
    /** How many selections were looked at, each once. */
    selections: (query: string): number => cost(query, {}).costed!.selections.length,
  };
}
