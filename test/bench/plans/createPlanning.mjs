import { operationFromDocument, Supergraph } from '@apollo/federation-internals';
import { QueryPlanner } from '@apollo/query-planner';
import { parse, validate } from 'graphql';
import { compileOperation } from '../../../dist/gateway/execution/compileOperation.js';
import { createPrepareOperation } from '../../../dist/gateway/pipeline/prepareOperation.js';
import { createPlanner } from '../../../dist/gateway/planner/createPlanner.js';
import { loadSupergraph } from '../../../dist/gateway/planner/loadSupergraph.js';
import { createOperationCheck } from '../../../dist/gateway/transport/operationLimits.js';
import { composeShop } from '../shop/composeShop.mjs';
import { subgraphNames } from '../shop/subgraphSchemas.mjs';

/** Milliseconds that the stock planner has taken, ours asking or not. */
let stockMs = 0;
const { buildQueryPlan } = QueryPlanner.prototype;
QueryPlanner.prototype.buildQueryPlan = function (...given) {
  const started = performance.now();
  try {
    return buildQueryPlan.apply(this, given);
  } finally {
    stockMs += performance.now() - started;
  }
};

/**
 * Two ways from a text to a plan in the shop: `ours` ends with what is ready to run, `stock` with what @apollo/query-planner gives. Each
 * returns milliseconds by stage. `fetchesIn` is how many fetches our plan of a text has.
 */
export function createPlanning() {
  const sdl = composeShop(Object.fromEntries(subgraphNames.map((name) => [name, `http://127.0.0.1/${name}`])));
  const supergraph = loadSupergraph(sdl);
  const federation = Supergraph.build(sdl);
  const schema = federation.apiSchema();
  const stockPlanner = new QueryPlanner(federation);
  const checkOperation = createOperationCheck();
  const prepare = createPrepareOperation(checkOperation);
  const planner = createPlanner(supergraph);
  const drawing = createPlanner(supergraph, { cachedPlans: 1 });

  return {
    fetchesIn: (text) => drawing.plan(parse(text)).segments.reduce((sum, { node }) => sum + fetchesOf(node), 0),
    ours: (text) => {
      const stages = {};
      stockMs = 0;
      const timed = timer();
      checkOperation(text);
      stages.parse = timed();
      const { document } = prepare(supergraph.apiSchema, text);
      stages['validate, normalise'] = timed();
      const plan = planner.plan(document);
      stages['stock planner'] = stockMs;
      stages['our passes'] = timed() - stockMs;
      compileOperation(supergraph, plan, document);
      stages.compile = timed();
      return withTotal(stages);
    },
    stock: (text) => {
      const stages = {};
      const timed = timer();
      const document = parse(text);
      stages.parse = timed();
      validate(supergraph.apiSchema, document);
      stages['validate, normalise'] = timed();
      stockPlanner.buildQueryPlan(operationFromDocument(schema, document, { validate: false }));
      stages['stock planner'] = timed();
      return withTotal(stages);
    },
  };
}

function fetchesOf(node) {
  if (node === undefined) return 0;
  if (node.kind === 'Fetch') return 1;
  return (node.nodes ?? [node.node]).reduce((sum, each) => sum + fetchesOf(each), 0);
}

/** Each call tells the milliseconds since the one before. */
function timer() {
  let last = performance.now();
  return () => {
    const now = performance.now();
    const took = now - last;
    last = now;
    return took;
  };
}

function withTotal(stages) {
  return { ...stages, 'text to plan': Object.values(stages).reduce((sum, ms) => sum + ms, 0) };
}
