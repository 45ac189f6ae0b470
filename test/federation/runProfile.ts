import fc from 'fast-check';
import { choicesOf, type Choices } from './generate/Choices.js';
import { drawOperation, type Operation } from './generate/drawOperation.js';
import { drawSupergraph, type DrawnGraph } from './generate/drawSupergraph.js';
import { reword } from './generate/reword.js';
import type { Profile } from './generate/profiles.js';
import { compareAnswers } from './support/compareAnswers.js';
import type { FederationCase } from './support/FederationCase.js';
import { findDifference } from './support/findDifference.js';
import { runApollo } from './support/runApollo.js';
import type { Ours, StartOurs } from './support/runOurs.js';

export interface RunOptions {
  readonly seed: number;
  readonly cases: number;
  readonly startOurs: StartOurs;
  /** Of the graphs, so many percent are asked of ApolloGateway, too, with one operation each. */
  readonly apolloPercent?: number;
  readonly onProgress?: (cases: number) => void;
}

export interface Tally {
  cases: number;
  graphs: number;
  /** Graphs that did not compose, by the first reason, and operations that were not valid. */
  readonly discardedGraphs: Map<string, number>;
  discardedOperations: number;
  /** Cases that were about the feature. */
  shown: number;
  readonly plans: Set<string>;
  apolloAsked: number;
  apolloAgreed: number;
  /** The first case in which the gateway answered otherwise than the monolith. */
  difference: FederationCase | null;
}

const OPERATIONS_PER_GRAPH = 10;

/** Compares answers over random graphs that have a feature, until there are enough cases or one differs. */
export async function runProfile(profile: Profile, options: RunOptions): Promise<Tally> {
  const tally = emptyTally();
  const compareOnce = fc.asyncProperty(fc.gen(), async (generate) => {
    if (tally.cases >= options.cases || tally.difference) return;
    const choose = choicesOf(generate);
    const drawn = drawSupergraph(profile, choose);
    if ('problems' in drawn) {
      const why = drawn.problems[0] ?? 'no reason';
      tally.discardedGraphs.set(why, (tally.discardedGraphs.get(why) ?? 0) + 1);
      return;
    }
    tally.graphs++;
    tally.difference = await compareOn(drawn, profile, choose, options, tally);
    options.onProgress?.(tally.cases);
  });
  const numRuns = 5 * Math.ceil(options.cases / OPERATIONS_PER_GRAPH) + 20;
  const { errorInstance } = await fc.check(compareOnce, { seed: seedOf(profile, options), numRuns, endOnFailure: true });
  if (errorInstance) throw errorInstance as Error;
  return tally;
}

async function compareOn(
  drawn: DrawnGraph,
  profile: Profile,
  choose: Choices,
  { cases, startOurs, apolloPercent = 0 }: RunOptions,
  tally: Tally,
): Promise<FederationCase | null> {
  const { built, subgraphs, data, marks } = drawn;
  const ours = startOurs(built);
  const askApollo = choose.chance(apolloPercent);
  for (let left = Math.min(OPERATIONS_PER_GRAPH, cases - tally.cases); left > 0; left--) {
    const operation = drawOperation(built.apiSchema, marks, choose, profile.operation);
    if (!operation) {
      tally.discardedOperations++;
      continue;
    }
    const more = profile.asked?.(choose, Object.keys(subgraphs));
    for (const worded of variantsOf(operation)) {
      if (tally.cases >= cases) continue;
      const asked = { ...worded, ...more };
      tally.cases++;
      const difference = await findDifference(built, ours, asked);
      noteFeature(profile, drawn, ours, operation, tally);
      if (difference) return { subgraphs, data, ...asked };
      if (askApollo && left === 1 && worded === operation) {
        const theirs = await runApollo(built, asked);
        if (theirs) tally.apolloAsked++;
        if (theirs && compareAnswers(await built.monolith(asked), theirs) === null) tally.apolloAgreed++;
      }
    }
  }
  return null;
}

function noteFeature(
  profile: Profile,
  { subgraphs, marks, built }: DrawnGraph,
  ours: Ours,
  { operation, used }: Operation,
  tally: Tally,
): void {
  tally.plans.add(planOf(ours, operation));
  const isMarked = [...used].some((each) => marks.has(each));
  const inSdl = !profile.sdl || Object.values(subgraphs).some((sdl) => profile.sdl!.test(sdl));
  if (isMarked && inSdl && (!profile.asks || built.asked().some((query) => profile.asks!.test(query)))) tally.shown++;
}

/** The same plan again, for other conditions and in other words. */
function variantsOf(operation: Operation): readonly Pick<Operation, 'operation' | 'variables'>[] {
  const variables = otherwise(operation.variables);
  return [operation, ...(variables ? [{ operation: operation.operation, variables }] : []), reword(operation)];
}

/** Every Boolean the other way round; null when there is none. */
function otherwise(variables: Operation['variables']): Operation['variables'] | null {
  if (!Object.values(variables).some((value) => typeof value === 'boolean')) return null;
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [name, typeof value === 'boolean' ? !value : value]),
  );
}

/** One that cannot be planned is a difference, and told of as such. */
function planOf(ours: Ours, operation: string): string {
  try {
    return ours.plan(operation);
  } catch (error) {
    return String(error);
  }
}

/** Every profile draws other graphs. */
function seedOf({ name }: Profile, { seed }: RunOptions): number {
  return [...name].reduce((sum, character) => (sum * 31 + character.codePointAt(0)!) | 0, seed);
}

export function emptyTally(): Tally {
  return {
    cases: 0,
    graphs: 0,
    discardedGraphs: new Map(),
    discardedOperations: 0,
    shown: 0,
    plans: new Set(),
    apolloAsked: 0,
    apolloAgreed: 0,
    difference: null,
  };
}
