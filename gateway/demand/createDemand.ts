import type { DocumentNode } from 'graphql';
import { describeSpan } from '../../subgraphs/shared/telemetry/withSpan.js';
import type { CostConfig } from '../config/costConfig.js';
import type { Call } from '../context/createCall.js';
import { MeshError } from '../errors.js';
import type { IncrementalAnswer, PrintedResult } from '../execution/Outcome.js';
import type { Supergraph } from '../planner/loadSupergraph.js';
import type { Metrics } from '../telemetry/createMetrics.js';
import { countAnswer } from './countAnswer.js';
import { createCosts } from './createCosts.js';
import { asksForCost, createLimitOf } from './costLimits.js';
import type { Variables } from './terms.js';

/** Demand control: what operations cost, before they are run and after. */
export interface Demand {
  /**
   * Lets a (valid) operation in, whatever is then denied of it. Throws COST_ESTIMATED_TOO_EXPENSIVE and COST_SLICING_ARGUMENT where
   * limits are kept to.
   */
  admit(document: DocumentNode, coerced: Variables, call: DemandCall): Admitted;
}

export type DemandCall = Pick<Call, 'request' | 'headers' | 'answered'>;

export interface Admitted {
  /** The answer; its cost is counted where somebody wants to know, and told to a client that asked and may know. */
  answered<Answer extends PrintedResult | IncrementalAnswer>(answer: Answer): Answer;
}

export interface DemandParts {
  readonly supergraph: Supergraph;
  readonly config: CostConfig;
  readonly metrics: Pick<Metrics, 'estimatedCost' | 'actualCost'>;
}

const UNCOUNTED: Admitted = { answered: (answer) => answer };

export const NO_DEMAND: Demand = { admit: () => UNCOUNTED };

export function createDemand({ supergraph, config, metrics }: DemandParts): Demand {
  const { mode, limits, listSize, countsAnswers, isShown } = config;
  if (mode === 'off') return NO_DEMAND;
  const costOf = createCosts(supergraph, listSize);
  const limitOf = createLimitOf(limits);
  return {
    admit: (document, coerced, call) => {
      const { kind, costed, estimate, problem: problemOf } = costOf(document);
      const estimated = estimate(coerced);
      const limit = limitOf(call.request.principal, call.headers);
      const isOver = (cost: number): boolean => limit !== null && cost > limit;
      const problem = problemOf(coerced);
      metrics.estimatedCost(kind, estimated, problem ? 'slicing_argument' : isOver(estimated) ? 'too_expensive' : 'ok');
      describeSpan({ 'mesh.cost.estimated': estimated });
      if (mode === 'enforce') {
        if (problem) throw new MeshError('COST_SLICING_ARGUMENT', problem);
        if (isOver(estimated)) throw tooExpensive(estimated, limit!);
      }
      const shows = isShown && asksForCost(call.headers);
      if (!costed || (!shows && !countsAnswers)) return UNCOUNTED;
      return countAnswer(costed, coerced, {
        told: shows ? { estimated, limit } : null,
        counted: (actual) => {
          metrics.actualCost(kind, actual, isOver(actual) ? 'too_expensive' : 'ok');
          describeSpan({ 'mesh.cost.actual': actual });
        },
        // What the client was told beside it is nobody else's.
        changed: () => call.answered(null),
      });
    },
  };
}

function tooExpensive(estimated: number, limit: number): MeshError {
  return new MeshError(
    'COST_ESTIMATED_TOO_EXPENSIVE',
    `The operation is estimated to cost ${estimated}, and this caller may ask for ${limit} at once. Ask for fewer fields or shorter lists, or split it.`,
    { extensions: { estimated, limit } },
  );
}
