import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseRoute } from '../../../gateway/routing/chooseRoute.js';
import type { RoutedInput, RoutingRequest } from '../../../gateway/routing/RoutingRequest.js';
import { parseUsd } from '../../../subgraphs/shared/money.js';
import type { AgentRecord, ModelRecord } from '../../../subgraphs/shared/snapshot.js';

function agent(id: string, more: Partial<AgentRecord> = {}): AgentRecord {
  return {
    id,
    tenant: 'demo',
    name: id,
    role: 'WORKER',
    tier: 'SPECIALIST',
    status: 'ACTIVE',
    transport: 'BUILTIN',
    skills: [{ id: 's', tags: [], taskClasses: ['qa'] }],
    authority: { decisionKinds: [], maxAmountUsd: null },
    regions: [],
    modelIds: ['m'],
    instructionBytes: 0,
    version: 1,
    ...more,
  };
}

function model(id: string, price = '1', more: Partial<ModelRecord> = {}): ModelRecord {
  return {
    id,
    tenant: 'demo',
    provider: 'local',
    connection: { name: id, endpoint: null, apiKeyEnv: null },
    modalities: ['text'],
    taskClasses: [],
    contextWindow: null,
    pricing: { inputPerMTokUsd: price, outputPerMTokUsd: price, cachedInputPerMTokUsd: null, perRequestUsd: null, version: 1 },
    approval: 'APPROVED',
    regions: [],
    version: 1,
    ...more,
  };
}

function request(
  agents: AgentRecord[],
  models: ModelRecord[],
  input: Partial<RoutedInput> = {},
  more: Partial<RoutingRequest> = {},
) {
  return {
    input: { taskClass: 'qa', prompt: 'What is this?', ...input },
    agents,
    model: (id) => models.find((each) => each.id === id),
    quality: () => undefined,
    latency: () => undefined,
    forbidden: () => undefined,
    limit: null,
    ...more,
  } satisfies RoutingRequest as RoutingRequest;
}

const chosen = (of: RoutingRequest): string[] => chooseRoute(of).ranked.map(({ agentId, modelId }) => `${agentId}/${modelId}`);
const measured = (alpha: number, beta: number): RoutingRequest['quality'] => {
  return (agentId, modelId, taskClass) =>
    agentId === 'a'
      ? { tenant: 'demo', agentId, modelId, taskClass, alpha, beta, samples: alpha + beta - 2, version: 1 }
      : undefined;
};

it('says whether the chosen one was alone or is what the filters left', () => {
  const told = (of: RoutingRequest): string => chooseRoute(of).reasons.at(-1)!;
  expect(told(request([agent('a')], [model('m')]))).toMatch(/ There is no other candidate\.$/);
  const rejecting = request([agent('a'), agent('b', { status: 'DRAINING' })], [model('m')]);
  expect(chooseRoute(rejecting).rejected).toHaveLength(1);
  expect(told(rejecting)).toMatch(/ No other candidate is left: 1 rejected, for the reasons given\.$/);
});

describe('filtering', () => {
  it.each<[string, AgentRecord, ModelRecord, Partial<RoutedInput>, Partial<RoutingRequest>]>([
    ['NO_SKILL', agent('a', { skills: [] }), model('m'), {}, {}],
    ['NO_SKILL', agent('a'), model('m', '1', { taskClasses: ['other'] }), {}, {}],
    ['NOT_REQUESTED', agent('a'), model('m'), { agentId: 'b' }, {}],
    ['NOT_REQUESTED', agent('a'), model('m'), { modelId: 'n' }, {}],
    ['NOT_ACTIVE', agent('a', { status: 'DRAINING' }), model('m'), {}, {}],
    ['MODEL_NOT_APPROVED', agent('a'), model('m', '1', { approval: 'REVOKED' }), {}, {}],
    ['MODEL_NOT_APPROVED', agent('a'), model('unknown'), {}, {}],
    ['MODEL_NOT_APPROVED', agent('a'), model('m', '1', { tenant: 'other' }), {}, {}],
    ['MODEL_NOT_APPROVED', agent('a', { modelIds: [] }), model('m'), {}, {}],
    ['REGION', agent('a', { regions: ['us'] }), model('m'), { region: 'eu' }, {}],
    ['REGION', agent('a'), model('m', '1', { regions: ['us'] }), { region: 'eu' }, {}],
    ['MODALITY', agent('a'), model('m'), { modality: ['text', 'image'] }, {}],
    ['CONTEXT_WINDOW', agent('a'), model('m', '1', { contextWindow: 3 }), { prompt: 'a'.repeat(13) }, {}],
    ['TOO_SLOW', agent('a'), model('m'), {}, { latency: () => ({ p50Ms: 10, p95Ms: 2_001, samples: 5 }) }],
    ['OVER_BUDGET', agent('a'), model('m'), { maxCostUsd: '0.0001' }, {}],
    ['OVER_BUDGET', agent('a'), model('m'), {}, { limit: 0n }],
    ['POLICY', agent('a'), model('m'), {}, { forbidden: () => 'a policy says no' }],
    ['BELOW_QUALITY', agent('a'), model('m'), { minQuality: 0.95 }, {}],
  ])('rejects with %s and a reason', (code, who, what, input, more) => {
    const choice = chooseRoute(request([who], [what], input, more));
    expect(choice.ranked).toEqual([]);
    expect(choice.rejected).toMatchObject([{ agentId: 'a', code, reason: expect.stringMatching(/\w/) }]);
    expect(choice.reasons).toEqual(['Nobody is eligible.']);
  });

  it('takes who is not bound to a region, who waits long enough, and who has few measurements', () => {
    expect(chosen(request([agent('a')], [model('m')], { region: 'eu' }))).toEqual(['a/m']);
    const slow = { latency: () => ({ p50Ms: 9_000, p95Ms: 9_000, samples: 50 }) };
    expect(chosen(request([agent('a')], [model('m')], { latencyClass: 'BATCH' }, slow))).toEqual(['a/m']);
    const few = { latency: () => ({ p50Ms: 9_000, p95Ms: 9_000, samples: 4 }) };
    expect(chosen(request([agent('a')], [model('m')], {}, few))).toEqual(['a/m']);
  });

  it('asks policies only about those whom nothing else stops', () => {
    const asked: string[] = [];
    const forbidden = ({ id }: AgentRecord) => (asked.push(id), undefined);
    chooseRoute(request([agent('a', { status: 'RETIRED' }), agent('b')], [model('m')], {}, { forbidden }));
    expect(asked).toEqual(['b']);
  });
});

describe('choosing', () => {
  const models = [model('cheap', '1'), model('dear', '10')];
  const pair = [agent('a', { modelIds: ['cheap'], tier: 'GENERALIST' }), agent('b', { modelIds: ['dear'], tier: 'EXPERT' })];

  it('takes the cheapest above the floor, and the other one once its price falls', () => {
    expect(chosen(request(pair, models))).toEqual(['a/cheap', 'b/dear']);
    expect(chosen(request(pair, [models[0]!, model('dear', '0.5')]))).toEqual(['b/dear', 'a/cheap']);
    expect(chooseRoute(request(pair, models)).reasons.join(' ')).toMatch(/a with cheap is the cheapest above the quality floor/);
  });

  it('still tries a cheap one whose few bad results may be chance, and no longer one whose many are not', () => {
    // Five of eleven, with the promise of a generalist: 0.52, and perhaps 0.63.
    expect(chosen(request(pair, models, {}, { quality: measured(6, 7) }))).toEqual(['a/cheap', 'b/dear']);
    expect(chooseRoute(request(pair, models, {}, { quality: measured(6, 7) })).reasons.join(' ')).toMatch(
      /a with cheap is tried before dearer ones, since its few results may be bad luck: .* quality 0\.52 \(11 results\)/,
    );
    // The same share of a hundred is what it is.
    expect(chosen(request(pair, models, {}, { quality: measured(46, 56) }))).toEqual(['b/dear']);
    // Asked for is asked for.
    expect(chosen(request(pair, models, { minQuality: 0.6 }, { quality: measured(6, 7) }))).toEqual(['b/dear']);
  });

  it('leaves out who fell below the floor by its results, and takes the best when all did', () => {
    expect(chosen(request(pair, models, {}, { quality: measured(1, 9) }))).toEqual(['b/dear']);
    const alone = chooseRoute(request([pair[0]!], models, {}, { quality: measured(1, 9) }));
    expect(alone.ranked).toHaveLength(1);
    expect(alone.reasons.join(' ')).toMatch(/Nobody reaches the usual quality/);
    const poor = chooseRoute(
      request(pair, models, {}, { quality: (id) => measured(id === 'a' ? 1 : 5, 20)('a', 'cheap', 'qa') }),
    );
    expect(poor.ranked.map(({ agentId }) => agentId)).toEqual(['b', 'a']);
    expect(poor.reasons.join(' ')).toMatch(/b with dear has the best expected quality/);
    expect(chosen(request([pair[0]!], models, { minQuality: 0.6 }, { quality: measured(1, 9) }))).toEqual([]);
  });

  it('takes quality for its price for complex tasks, the best for customers of high value, and what the field asks for', () => {
    expect(chooseRoute(request(pair, models, { complexity: 'COMPLEX' }))).toMatchObject({
      objective: 'VALUE',
      ranked: [{ agentId: 'b' }],
    });
    expect(chosen(request(pair, models, { customerValue: 'HIGH' }))).toEqual(['b/dear', 'a/cheap']);
    expect(chosen(request(pair, models, { complexity: 'COMPLEX' }, { objective: 'CHEAPEST' }))).toEqual(['a/cheap', 'b/dear']);
    expect(chooseRoute(request(pair, models, { prompt: 'x'.repeat(4_001) })).complexity).toBe('COMPLEX');
  });

  it('ranks at most four, rejects at most twenty, and tells those first who came closest', () => {
    const many = Array.from({ length: 30 }, (_, n) => agent(`a${n}`, { skills: n < 6 ? agent('x').skills : [] }));
    const choice = chooseRoute(request([...many, agent('late', { status: 'DRAINING' })], [model('m')]));
    expect(choice.ranked).toHaveLength(4);
    expect(choice.rejected).toHaveLength(20);
    expect(choice.rejected[0]).toMatchObject({ agentId: 'late', code: 'NOT_ACTIVE' });
  });

  it('caps what an attempt may cost at the limit', () => {
    const [one] = chooseRoute(request([agent('a')], [model('m')], { maxCostUsd: '0.001' })).ranked;
    expect(one!.capUsd).toBe('0.001');
    const [free] = chooseRoute(request([agent('a')], [model('m')])).ranked;
    expect(parseUsd(free!.capUsd)).toBeGreaterThan(parseUsd(free!.estimatedCostUsd));
  });

  it('agrees with brute force, and with itself', () => {
    const tiers = ['GENERALIST', 'SPECIALIST', 'EXPERT'] as const;
    const promise = { GENERALIST: 0.7, SPECIALIST: 0.8, EXPERT: 0.9 };
    const fleet = fc.array(fc.record({ tier: fc.constantFrom(...tiers), price: fc.integer({ min: 1, max: 9 }) }), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(fleet, fc.constantFrom('CHEAPEST', 'VALUE', 'BEST'), (made, objective) => {
        const agents = made.map(({ tier }, n) => agent(`a${n}`, { tier, modelIds: [`m${n}`] }));
        const prices = made.map(({ price }, n) => model(`m${n}`, String(price)));
        const of = request(agents, prices, {}, { objective: objective as 'BEST' });
        const choice = chooseRoute(of);
        expect(chooseRoute(of)).toEqual(choice);
        const floor = { CHEAPEST: 0.6, VALUE: 0.75, BEST: 0 }[objective]!;
        const above = made.filter(({ tier }) => promise[tier] >= floor);
        const pool = above.length > 0 ? above : made;
        const first = made[Number(choice.ranked[0]!.agentId.slice(1))]!;
        const relaxed = above.length === 0;
        if (objective === 'CHEAPEST') expect(first.price).toBe(Math.min(...pool.map(({ price }) => price)));
        else if (objective === 'BEST' || relaxed)
          expect(promise[first.tier]).toBe(Math.max(...pool.map(({ tier }) => promise[tier])));
        else
          expect(promise[first.tier] / first.price).toBeCloseTo(
            Math.max(...pool.map(({ tier, price }) => promise[tier] / price)),
            10,
          );
      }),
      { numRuns: 300 },
    );
  });
});
