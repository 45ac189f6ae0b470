import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMetrics, type Metrics } from '../../../gateway/telemetry/createMetrics.js';
import { meterWork } from '../../../gateway/telemetry/meterWork.js';
import type { Database } from '../../../subgraphs/shared/database/Database.js';
import { openPglite } from '../../../subgraphs/shared/database/openPglite.js';
import type { EventLog } from '../../../subgraphs/shared/eventlog/EventLog.js';
import { openTableEventLog } from '../../../subgraphs/shared/eventlog/tableEventLog.js';
import type { MeshEventData } from '../../../subgraphs/shared/events.js';
import { newEvent } from '../../../subgraphs/shared/newEvent.js';

const log = pino({ level: 'silent' });
const options = { subgraph: 'agents', nowMs: Date.parse('2026-03-01T12:00:00Z') } as const;
const LABELS = 'agent="abacus",model="local/small",task_class="math"';

describe('the metrics of work', () => {
  let database: Database;
  let eventLog: EventLog;
  beforeAll(async () => {
    database = await openPglite({ dataDir: null });
    eventLog = await openTableEventLog(database, { clock: Date.now, log });
  });
  afterAll(async () => {
    await eventLog.close();
    await database.close();
  });

  const work = { tenant: 'demo', taskId: 't', taskClass: 'math', agentId: 'abacus', modelId: 'local/small' };
  const attempt = (outcome: string, latencyMs?: number) =>
    eventLog.append('mesh.tasks', [
      newEvent(
        'task.attempt',
        't',
        { ...work, kind: 'ATTEMPT', status: 'RUNNING', attemptId: 'a', outcome, ...(latencyMs !== undefined && { latencyMs }) },
        options,
      ),
    ]);
  const use = (more: Partial<MeshEventData['usage.recorded']> = {}) => {
    const pricing = {
      inputPerMTokUsd: '1',
      outputPerMTokUsd: '2',
      cachedInputPerMTokUsd: '0.5',
      perRequestUsd: null,
      version: 1,
    };
    const tokens = { inputTokens: 300_000, cachedInputTokens: 100_000, outputTokens: 50_000 };
    const about = { attemptId: 'a', customerId: null, principal: 'User::"u"', reservationId: null, at: '2026-03-01T12:00:00Z' };
    return eventLog.append('mesh.usage', [
      newEvent('usage.recorded', 't', { ...work, ...tokens, ...about, pricing, ...more }, options),
    ]);
  };
  const line = async (metrics: Metrics, name: string) =>
    (await metrics.text())
      .split('\n')
      .filter((each) => each.startsWith(name))
      .join('\n');

  it('count attempts, durations, cost and tokens, each event in one of several gateways', async () => {
    const metrics = [createMetrics(), createMetrics()];
    const followers = metrics.map((each) => meterWork(eventLog, each, log));
    await attempt('SUCCEEDED', 20);
    await attempt('TIMED_OUT', 2_000);
    await attempt('SKIPPED');
    await use({ pricing: null as never });
    await use();
    await use();
    const sum = async (series: string): Promise<number> => {
      const texts = await Promise.all(metrics.map((each) => each.text()));
      return texts.reduce((total, text) => {
        const found = text.split('\n').find((each) => each.startsWith(`${series} `));
        return total + (found ? Number(found.split(' ')[1]) : 0);
      }, 0);
    };
    await expect.poll(() => sum(`mesh_cost_usd_total{${LABELS}}`)).toBeCloseTo(0.7, 12);
    await expect.poll(() => sum(`mesh_attempts_total{${LABELS},outcome="skipped"}`)).toBe(1);
    expect(await sum(`mesh_attempts_total{${LABELS},outcome="succeeded"}`)).toBe(1);
    expect(await sum(`mesh_attempts_total{${LABELS},outcome="timed_out"}`)).toBe(1);
    expect(await sum(`mesh_attempt_duration_seconds_count{${LABELS}}`)).toBe(2);
    expect(await sum(`mesh_attempt_duration_seconds_sum{${LABELS}}`)).toBeCloseTo(2.02, 12);
    expect(await sum(`mesh_tokens_total{${LABELS},kind="input"}`)).toBe(400_000);
    expect(await sum(`mesh_tokens_total{${LABELS},kind="cached_input"}`)).toBe(200_000);
    expect(await sum(`mesh_tokens_total{${LABELS},kind="output"}`)).toBe(100_000);
    await Promise.all(followers.map((each) => each.close()));
    await Promise.all(metrics.map((each) => each.close()));
  });

  it('keep to a bounded number of series, and add up the rest as "other"', async () => {
    const metrics = createMetrics();
    for (let n = 0; n < 1_000; n++) metrics.attempt({ agentId: `a${n}`, modelId: 'm', taskClass: 'c' }, 'succeeded', 0.01);
    const lines = (await line(metrics, 'mesh_attempts_total')).split('\n');
    expect(lines).toHaveLength(201);
    expect(lines).toContain('mesh_attempts_total{agent="other",model="other",task_class="other",outcome="succeeded"} 800');
    await metrics.close();
  });

  it('begin again when the event log fails at first, and end when they are closed meanwhile', async () => {
    const metrics = createMetrics();
    let calls = 0;
    const failing = {
      consume: () => {
        calls++;
        return Promise.reject(new Error('down'));
      },
    } as unknown as EventLog;
    const follower = meterWork(failing, metrics, log);
    await expect.poll(() => calls).toBeGreaterThan(1);
    await follower.close();
    await metrics.close();
  });
});
