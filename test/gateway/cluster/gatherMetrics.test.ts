import { expect, it } from 'vitest';
import { gatherMetrics } from '../../../gateway/cluster/gatherMetrics.js';
import { createMetrics, type Metrics } from '../../../gateway/telemetry/createMetrics.js';

const OWN = /^.*mesh_worker.*\n/gm;

it('says of two processes what one would that did the work of both', async () => {
  const [first, second, both] = [createMetrics(), createMetrics(), createMetrics()];
  const work = (metrics: Metrics, scale: number): void => {
    metrics.operation('query', 'ok', 0.002 * scale);
    metrics.operation('mutation', 'failed', 4 * scale);
    metrics.httpRequest('POST', 200, 0.125);
    metrics.subscriptions(1);
    metrics.routedField('Query.a "quoted\\ and\nbroken" } 1', 'routed');
  };
  for (const [metrics, scale] of [[first, 1] as const, [second, 2] as const]) {
    work(metrics, scale);
    work(both, scale);
  }
  second.event('mesh.tasks', 'sent');
  both.event('mesh.tasks', 'sent');
  first.observeSnapshotAge(() => 7);
  second.observeSnapshotAge(() => 3);
  both.observeSnapshotAge(() => 7);
  const gathered = gatherMetrics();
  gathered.heard(1, await first.text());
  gathered.heard(2, await second.text());
  const lines = (text: string): string[] => text.replace(OWN, '').trimEnd().split('\n').toSorted();
  expect(lines(gathered.text(2))).toEqual(lines(await both.text()));
  expect(gathered.text(2)).toMatch(/^mesh_workers 2$/m);
  for (const metrics of [first, second, both]) await metrics.close();
});

it('keeps what a worker that has ended had counted, and forgets what it was like', () => {
  const text = (counted: number): string =>
    `# HELP a_total A\n# TYPE a_total counter\na_total{x="1"} ${counted}\n# HELP b B\n# TYPE b gauge\nb ${counted}\n`;
  const gathered = gatherMetrics();
  gathered.heard(1, text(5));
  gathered.heard(2, text(1));
  gathered.ended(1);
  expect(gathered.text(1)).toMatch(/a_total\{x="1"\} 6\n[^]*\nb 1\n[^]*mesh_worker_exits_total 1\n/);
  gathered.heard(1, text(2));
  expect(gathered.text(2)).toMatch(/a_total\{x="1"\} 8\n[^]*\nb 3\n/);
  gathered.ended(1);
  gathered.ended(2);
  expect(gathered.text(0)).toMatch(/^# HELP a_total A\n# TYPE a_total counter\na_total\{x="1"\} 8\n/);
});
