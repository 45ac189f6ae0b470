import { expect, it } from 'vitest';
import { closeWindow } from '../../subgraphs/agents/metrics/closeWindow.js';
import { insertMetricSamples } from '../../subgraphs/agents/metrics/metricSamples.js';
import { agentsSubgraph } from '../../subgraphs/agents/server.js';
import type { Attempt } from '../../subgraphs/agents/Task.js';
import { openPostgres } from '../../subgraphs/shared/database/openPostgres.js';
import type { MeshEvent } from '../../subgraphs/shared/events.js';
import { formatUsd, parseUsd } from '../../subgraphs/shared/money.js';
import { createDatabase } from '../support/fiveProcesses.js';
import { openSubgraph } from '../support/openSubgraph.js';

it('every attempt is in exactly one window while several processes work, close windows and fail at the same moment', async () => {
  const created = await createDatabase();
  // Without its own ticker: here windows are closed by hand.
  const agents = await openSubgraph({ ...agentsSubgraph, start: async () => [] }, () => openPostgres({ url: created.url }));
  const others = await Promise.all([openPostgres({ url: created.url }), openPostgres({ url: created.url })]);
  const reader = await agents.eventLog.read('mesh.metrics', 'head');
  try {
    const attempt: Attempt = {
      id: 'a',
      taskId: 't',
      agentId: 'one',
      modelId: 'm',
      startedAt: new Date(0),
      latencyMs: 7,
      outcome: 'SUCCEEDED',
      costUsd: '0.000000000003',
      message: null,
    };
    const startMs = agents.clock();
    let published = 0;
    const close = async (round: number, process: number): Promise<void> => {
      const window = { endMs: startMs + round * 5_000, windowSeconds: 5, hasTime: () => true };
      const closing = others[process % 2]!.transaction(async (tx) => {
        const count = await closeWindow(tx, window);
        if (process === 3) throw new Error('the process dies');
        return count;
      });
      const count = await closing.catch((error: Error) => {
        if (error.message !== 'the process dies') throw error;
        return 0;
      });
      published += count;
    };
    for (let round = 1; round <= 20; round++) {
      const works = Array.from({ length: 10 }, () =>
        agents.database.transaction((tx) => insertMetricSamples(tx, 'demo', [attempt, attempt])),
      );
      await Promise.all([...works, ...[0, 1, 2, 3].map((process) => close(round, process))]);
    }
    await close(21, 0);
    let requests = 0;
    let cost = 0n;
    const ends = new Set<string>();
    for (let n = 0; n < published; n++) {
      const { data, time } = (await reader.next()).value!.event as MeshEvent<'metrics.window'>;
      requests += data.requests;
      cost += parseUsd(data.costUsd);
      ends.add(time);
    }
    expect([requests, formatUsd(cost)]).toEqual([400, '0.0000000012']);
    expect(ends.size).toBe(published);
  } finally {
    await Promise.all(others.map((other) => other.close()));
    await agents.close();
    await created.drop();
  }
});
