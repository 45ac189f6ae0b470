import { pino } from 'pino';
import { expect, it } from 'vitest';
import type { SubgraphClient } from '../../../gateway/fetch/SubgraphClient.js';
import { createRecorder, type RecordedDecision } from '../../../gateway/governance/createRecorder.js';

function decision(id: string, more: Partial<RecordedDecision> = {}): RecordedDecision {
  return {
    id,
    at: 0,
    tenant: 'demo',
    principal: 'User::"ada"',
    action: 'agent.read',
    resource: null,
    outcome: 'DENY',
    rules: [],
    policyVersion: '1',
    operation: null,
    field: null,
    reason: null,
    ...more,
  };
}

/** Takes what it is given unless `refuses` says otherwise. */
function policies(refuses: (batch: readonly RecordedDecision[]) => string | undefined) {
  const taken: RecordedDecision[] = [];
  const client: SubgraphClient = {
    request: async ({ variables }) => {
      const batch = (JSON.parse(variables) as { decisions: RecordedDecision[] }).decisions;
      const code = refuses(batch);
      if (code) return { data: null, errors: [{ message: 'no', extensions: { code } }] };
      taken.push(...batch);
      return { data: { _recordDecisions: batch.length } };
    },
    close: async () => undefined,
  };
  return { client, taken };
}

const silent = pino({ level: 'silent' });

it('keeps the beginning and the hash of what a caller made too long to keep', async () => {
  const { client, taken } = policies(() => undefined);
  const recorder = createRecorder(client, Date.now, silent);
  recorder.record([decision('long', { resource: 'x'.repeat(20_000), operation: '\ud800' })]);
  await recorder.close();
  expect(taken[0]!.resource!.length).toBeLessThanOrEqual(1_000);
  expect(taken[0]!.resource).toMatch(/^x+… \(20000 characters, SHA-256 [0-9a-f]{64}\)$/);
  expect(taken[0]!.operation).toBe('\ufffd');
});

it('gives up the one decision that is refused, and records all the others', async () => {
  const { client, taken } = policies((batch) => (batch.some(({ id }) => id === '7') ? 'BAD_USER_INPUT' : undefined));
  const recorder = createRecorder(client, Date.now, silent);
  recorder.record(Array.from({ length: 20 }, (_, index) => decision(String(index))));
  await recorder.close();
  expect(taken.map(({ id }) => Number(id)).toSorted((a, b) => a - b)).toEqual(
    Array.from({ length: 20 }, (_, index) => index).filter((index) => index !== 7),
  );
});

it('tries again what could not be taken just then', async () => {
  let down = 2;
  const { client, taken } = policies(() => (down-- > 0 ? 'SUBREQUEST_FAILED' : undefined));
  const recorder = createRecorder(client, Date.now, silent);
  recorder.record([decision('a'), decision('b')]);
  await recorder.close();
  expect(taken.map(({ id }) => id)).toEqual(['a', 'b']);
});

it('never sends more at once than a subgraph takes', async () => {
  let largest = 0;
  const { client, taken } = policies((batch) => {
    largest = Math.max(largest, JSON.stringify(batch).length);
    return undefined;
  });
  const recorder = createRecorder(client, Date.now, silent);
  const text = 'y'.repeat(990);
  recorder.record(
    Array.from({ length: 500 }, (_, index) =>
      decision(String(index), { resource: text, reason: text, field: text, rules: Array.from({ length: 50 }, () => text) }),
    ),
  );
  await recorder.close();
  expect(taken).toHaveLength(500);
  expect(largest).toBeLessThan(2_000_000);
});
