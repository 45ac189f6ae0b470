import { formatUsd } from '../../subgraphs/shared/money.js';
import type { RankedCandidate, RejectedRoute, RouteHint } from '../../subgraphs/shared/routeHint.js';
import { filterCandidates } from './filterCandidates.js';
import type { Candidate, Objective, RouteChoice, RoutedInput, RoutingRequest } from './RoutingRequest.js';
import { sizeOf } from './estimate.js';

const MAX_RANKED = 4;
const MAX_REJECTED = 20;
/** Below this expected quality nobody is taken while somebody reaches it, unless the input says another figure. */
const FLOOR: Readonly<Record<Objective, number>> = { CHEAPEST: 0.6, VALUE: 0.75, BEST: 0 };
const SIMPLE_BYTES = 500;
const MODERATE_BYTES = 4_000;

/**
 * Decides who computes a routed field: filters by hard constraints, estimates, chooses by objective, ranks fallbacks. Pure: the same
 * request makes the same choice. It refuses to guess: without a candidate the route is empty, and `rejected` says why for each.
 */
export function chooseRoute(request: RoutingRequest): RouteChoice {
  const { input } = request;
  const complexity = complexityOf(input);
  const objective = request.objective ?? objectiveOf(input, complexity);
  const { candidates, rejected } = filterCandidates(request);
  const { kept, dropped, floorNote } = applyFloor(candidates, objective, input.minQuality ?? null);
  const sorted = kept.toSorted(ORDER[floorNote === null ? objective : 'BEST']);
  const ranked = sorted.slice(0, MAX_RANKED);
  return {
    ranked: ranked.map(toRanked),
    objective,
    complexity,
    reasons: explain(ranked, {
      objective,
      complexity,
      input,
      floorNote,
      given: request.objective !== undefined,
      refused: rejected.length + dropped.length,
    }),
    rejected: mostTelling([...rejected, ...dropped]),
  };
}

function complexityOf(input: RoutedInput): RouteHint['complexity'] {
  if (input.complexity) return input.complexity;
  const bytes = sizeOf(input);
  if (bytes <= SIMPLE_BYTES) return 'SIMPLE';
  return bytes <= MODERATE_BYTES ? 'MODERATE' : 'COMPLEX';
}

function objectiveOf({ customerValue }: RoutedInput, complexity: RouteHint['complexity']): Objective {
  if (customerValue === 'HIGH') return 'BEST';
  return complexity === 'COMPLEX' ? 'VALUE' : 'CHEAPEST';
}

/**
 * An asked-for quality is a hard constraint. The usual floor is not: who may still turn out to reach it is tried, and when nobody
 * reaches it, the best there are go on.
 */
function applyFloor(candidates: readonly Candidate[], objective: Objective, asked: number | null) {
  const floor = asked ?? FLOOR[objective];
  const reaches = ({ quality, hopedFor }: Candidate): boolean => (asked === null ? hopedFor : quality) >= floor;
  const above = candidates.filter(reaches);
  const below = candidates.filter((candidate) => !reaches(candidate));
  if (above.length === 0 && asked === null && below.length > 0) {
    return {
      kept: below,
      dropped: [],
      floorNote: `Nobody reaches the usual quality of ${floor}; the best there are were taken.`,
    };
  }
  const dropped = below.map(({ agent, model, quality, samples }): RejectedRoute => ({
    agentId: agent.id,
    modelId: model.id,
    code: 'BELOW_QUALITY',
    reason: `its expected quality is ${quality.toFixed(2)} after ${samples} results, and ${floor} is wanted`,
  }));
  return { kept: above, dropped, floorNote: null };
}

type Order = (a: Candidate, b: Candidate) => number;

const byCost: Order = (a, b) => (a.estimatedCost < b.estimatedCost ? -1 : a.estimatedCost > b.estimatedCost ? 1 : 0);
const byQuality: Order = (a, b) => b.quality - a.quality;
const bySpeed: Order = (a, b) => (a.latencyMs ?? Infinity) - (b.latencyMs ?? Infinity) || 0;
const byName: Order = (a, b) => (idOf(a) < idOf(b) ? -1 : 1);
/** Quality per dollar, compared as a · costB against b · costA, so that a price of zero is better than any other. */
const byValue: Order = (a, b) => b.quality * Number(a.estimatedCost) - a.quality * Number(b.estimatedCost);

const ORDER: Readonly<Record<Objective, Order>> = {
  CHEAPEST: (a, b) => byCost(a, b) || byQuality(a, b) || bySpeed(a, b) || byName(a, b),
  VALUE: (a, b) => byValue(a, b) || byQuality(a, b) || byCost(a, b) || byName(a, b),
  BEST: (a, b) => byQuality(a, b) || byCost(a, b) || bySpeed(a, b) || byName(a, b),
};

function idOf({ agent, model }: Candidate): string {
  return `${agent.id}\n${model.id}`;
}

function toRanked({ agent, model, estimatedCost, cap, quality, latencyMs }: Candidate): RankedCandidate {
  return {
    agentId: agent.id,
    modelId: model.id,
    connection: model.connection,
    pricing: model.pricing,
    capUsd: formatUsd(cap),
    estimatedCostUsd: formatUsd(estimatedCost),
    expectedQuality: quality,
    expectedLatencyMs: latencyMs === null ? null : Math.round(latencyMs),
  };
}

const WHAT: Readonly<Record<Objective, string>> = {
  CHEAPEST: 'is the cheapest above the quality floor',
  VALUE: 'has the best quality for its price',
  BEST: 'has the best expected quality',
};

function explain(
  ranked: readonly Candidate[],
  told: {
    objective: Objective;
    complexity: string;
    input: RoutedInput;
    floorNote: string | null;
    given: boolean;
    /** How many candidates were rejected. */
    refused: number;
  },
): string[] {
  const { objective, complexity, input, floorNote, given, refused } = told;
  const [chosen, next] = ranked;
  if (!chosen) return ['Nobody is eligible.'];
  const why = given
    ? `The field asks for ${objective}.`
    : input.customerValue === 'HIGH'
      ? 'A customer of high value gets the best: BEST.'
      : `A ${complexity.toLowerCase()} question: ${objective}.`;
  const figures = ({ estimatedCost, quality, samples }: Candidate): string =>
    `about ${formatUsd(estimatedCost)} USD, expected quality ${quality.toFixed(2)} (${samples} results)`;
  const name = ({ agent, model }: Candidate): string => `${agent.id} with ${model.id}`;
  const alone =
    refused === 0 ? 'There is no other candidate.' : `No other candidate is left: ${refused} rejected, for the reasons given.`;
  const compared = next ? ` Next: ${name(next)}, ${figures(next)}.` : ` ${alone}`;
  const isDoubtful = floorNote === null && (input.minQuality ?? null) === null && chosen.quality < FLOOR[objective];
  const praise = isDoubtful
    ? 'is tried before dearer ones, since its few results may be bad luck'
    : WHAT[floorNote === null ? objective : 'BEST'];
  return [why, ...(floorNote === null ? [] : [floorNote]), `${name(chosen)} ${praise}: ${figures(chosen)}.${compared}`];
}

/** Those who came closest say most: a lack of skill is told last. */
function mostTelling(rejected: readonly RejectedRoute[]): RejectedRoute[] {
  const skilled = rejected.filter(({ code }) => code !== 'NO_SKILL');
  return [...skilled, ...rejected.filter(({ code }) => code === 'NO_SKILL')].slice(0, MAX_REJECTED);
}
