import { buildGraph } from './buildCase.js';
import type { FederationCase } from './FederationCase.js';
import { findDifference } from './findDifference.js';
import { printAnswer, printCase } from './printCase.js';
import { reduceCase } from './reduceCase.js';
import { runApollo } from './runApollo.js';
import type { StartOurs } from './runOurs.js';

/** Reduces a case and tells of it: a file for `regressions/`, what was expected, what came, and what ApolloGateway says. */
export async function explainDifference(found: FederationCase, startOurs: StartOurs): Promise<string> {
  const small = await reduceCase(found, startOurs);
  const built = buildGraph(small);
  if ('problems' in built) throw new Error(built.problems.join('\n'));
  const ours = startOurs(built);
  const { what, expected, got } = (await findDifference(built, ours, small))!;
  const apollo = small.scopes ? null : await runApollo(built, small);
  const plan = ((): string => {
    try {
      return ours.plan(small.operation);
    } catch (error) {
      return `none: ${(error as Error).message}`;
    }
  })();
  return [
    `differs from one schema: ${what}`,
    printCase(small),
    `expected ${printAnswer(expected)}`,
    `got ${printAnswer(got)}`,
    `ApolloGateway ${printAnswer(apollo)}`,
    `by the plan\n${plan}`,
  ].join('\n\n');
}
