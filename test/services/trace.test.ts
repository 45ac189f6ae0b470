import { expect, it } from 'vitest';
import { startFileCollector } from '../../deploy/otel/fileCollector.mjs';
import { startFiveProcesses } from '../support/fiveProcesses.js';
import { send } from '../support/graphqlClient.js';
import { isComplete, pathOf, rootsOf } from '../support/traceTree.js';

it.each([
  ['PostgreSQL', false, 'agent_mesh'],
  ['PostgreSQL and Kafka', true, 'kafka'],
])('has one trace of an ask across six processes on %s', async (_, kafka, system) => {
  const collector = await startFileCollector();
  const everywhere = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_TRACES_SAMPLER_ARG: '0' };
  const mesh = await startFiveProcesses({ kafka, everywhere });
  try {
    const traceId = 'c1'.repeat(16);
    const query = '{ ask(input: { taskClass: "math.arithmetic", prompt: "12 * 7" }) { text } }';
    const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
    expect(await send(mesh.url, query, {}, 'dev-admin', { traceparent })).toMatchObject({ data: { ask: { text: '84' } } });
    // Six processes send their parts when it suits them.
    const spans = await collector.trace(traceId, (found) => isComplete(found) && rootsOf(found).length === 1);
    expect(rootsOf(spans)[0]).toMatchObject({ name: 'query', service: 'agent-mesh-gateway' });
    const where = spans.map((span) => `${pathOf(span, spans)} @ ${span.service.replace('agent-mesh-', '')}`);
    const agents = 'query > execute > fetch agents > agents';
    for (const place of [
      'query > route > decide Query.ask > fetch costs @ gateway',
      'query > route > decide Query.ask > fetch costs > costs > transaction > insert costs.reservation @ costs',
      `${agents} @ agents`,
      `${agents} > invoke_agent Mathematician @ agents`,
      `${agents} > transaction > send mesh.usage @ agents`,
      `${agents} > transaction > process mesh.usage > transaction > insert costs.ledger_entry @ costs`,
      `${agents} > transaction > process mesh.tasks > transaction > insert evaluations.evaluation @ evaluations`,
    ])
      expect(where).toContain(place);
    for (const { attributes } of spans.filter(({ name }) => /^(send|process) /.test(name)))
      expect(attributes['messaging.system']).toBe(system);
  } finally {
    await mesh.close();
    await collector.close();
  }
});
