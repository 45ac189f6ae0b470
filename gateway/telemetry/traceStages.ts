import { describeSpan, withSpan } from '../../subgraphs/shared/telemetry/withSpan.js';
import { tracer } from '../../subgraphs/shared/telemetry/tracer.js';
import { MeshError } from '../errors.js';
import type { Serving } from '../pipeline/Serving.js';

/**
 * A span around each stage of the pipeline that decides something, so that the pipeline tells its story without them.
 * In a process that exports no traces it is the serving itself.
 */
export function traceStages(serving: Serving): Serving {
  if (!tracer()) return serving;
  const { govern, planner, route, caching } = serving;
  return {
    ...serving,
    govern: (...asked) =>
      withSpan('govern', {}, (span) => {
        const governed = govern(...asked);
        span.set({ 'mesh.governance.outcome': outcomeOf(governed), 'mesh.governance.denied': governed.denied.length });
        return governed;
      }),
    planner: {
      ...planner,
      plan: (document, operationName, options) =>
        withSpan('plan', {}, (span) => {
          span.set({ 'mesh.plan.cached': planner.isKept(document, operationName) });
          const plan = planner.plan(document, operationName, options);
          span.set({ 'mesh.plan.fetch_groups': plan.segments.length, 'mesh.plan.routed_fields': plan.routed.length });
          return plan;
        }),
    },
    route: (routed, variables, call) => {
      if (routed.length === 0) return route(routed, variables, call);
      return withSpan(
        'route',
        { attributes: { 'mesh.route.fields': routed.map(({ coordinate }) => coordinate) } },
        async (span) => {
          const hints = await route(routed, variables, call);
          const refused = Object.values(hints).find((hint) => hint instanceof MeshError);
          if (refused) span.failed(refused.code);
          return hints;
        },
      );
    },
    caching: {
      ...caching,
      answer: async (asked, compute) => {
        let computed = false;
        const answered = await caching.answer(asked, (fetches) => {
          computed = true;
          return compute(fetches);
        });
        describeSpan({ 'mesh.cache.hit': !computed });
        return answered;
      },
    },
  };
}

function outcomeOf({ nothingLeft, denied }: ReturnType<Serving['govern']>): string {
  if (nothingLeft) return 'reject';
  return denied.length > 0 ? 'prune' : 'allow';
}
