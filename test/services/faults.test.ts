import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFiveProcesses, type FiveProcesses } from '../support/fiveProcesses.js';
import { send, socketClient, watch } from '../support/graphqlClient.js';
import { eventually, runTask } from '../support/meshContract.js';
import { readDeadLetters } from '../support/openKafkaLog.js';
import { service } from '../support/services.js';
import { expectDoneOnce, expectWholeHistory, firstCursor } from '../support/taskHistory.js';

const CLIENTS = 4;

describe('two gateways and five subgraphs on PostgreSQL and Kafka', () => {
  let mesh: FiveProcesses;
  let cursor: string;
  /** Every task that any test was told is there. */
  const acknowledged = new Set<string>();
  let starting: Promise<FiveProcesses>;
  beforeAll(async () => {
    starting = startFiveProcesses({ kafka: true, gateways: 2 });
    mesh = await starting;
    cursor = await firstCursor(mesh.url);
  });
  // Also when it was not there in time.
  afterAll(async () => (await starting).close());

  it('show a task that was run through one to a subscriber of the other', async () => {
    const [one, other] = mesh.gateways;
    const client = socketClient(other!.url);
    const watching = watch<{ taskEvents: { kind: string; task: { id: string } } }>(
      client,
      `subscription ($after: String) { taskEvents(after: $after) { kind task { id } } }`,
      { after: cursor },
    );
    const id = await runTask(one!.url, '6 * 7');
    acknowledged.add(id);
    const seen = await watching.until(({ taskEvents }) => taskEvents.task.id === id && taskEvents.kind === 'SUCCEEDED');
    expect(seen.map(({ taskEvents }) => taskEvents.kind).slice(-4)).toEqual(['QUEUED', 'RUNNING', 'ATTEMPT', 'SUCCEEDED']);
    await client.dispose();
  });

  it('lose nothing when either gateway is killed under load', async () => {
    for (const index of [0, 1]) {
      const load = startLoad([mesh.gateways[index]!.url], acknowledged);
      await load.more(20);
      await mesh.gateways[index]!.stop('SIGKILL');
      await load.stop();
      expect(load.refused()).toBeGreaterThan(0);
      const survivor = mesh.gateways[1 - index];
      await expectDoneOnce(survivor!.url, load.acknowledged);
      await expectWholeHistory(survivor!.url, load.acknowledged, cursor);
      await mesh.restartGateway(index);
    }
  });

  it.each(['agents', 'costs', 'evaluations'] as const)(
    'lose nothing and pay nothing twice when %s is killed under load',
    async (name) => {
      const load = startLoad(urlsOf(mesh), acknowledged);
      await load.more(20);
      await mesh.subgraphs.get(name)!.stop('SIGKILL');
      await mesh.restartSubgraph(name);
      await load.more(20);
      await load.stop();
      await expectDoneOnce(mesh.url, load.acknowledged);
      await expectWholeHistory(mesh.gateways[1]!.url, load.acknowledged, cursor);
    },
  );

  it('go on by themselves when PostgreSQL was stopped under load', async () => {
    const load = startLoad(urlsOf(mesh), acknowledged);
    await load.more(20);
    await service('stop', 'postgres');
    await load.refusedMore(5);
    const answer = await send(mesh.url, `{ agents { totalCount } me { id } }`);
    expect(answer.data).toMatchObject({ agents: null, me: { id: 'admin' } });
    await service('start', 'postgres');
    await load.more(20);
    await load.stop();
    await expectDoneOnce(mesh.url, load.acknowledged);
    await expectWholeHistory(mesh.url, load.acknowledged, cursor);
  });

  it('take work while Kafka is stopped, and tell of it when it is back', async () => {
    const load = startLoad(urlsOf(mesh), acknowledged);
    await load.more(20);
    await service('stop', 'kafka');
    await load.more(20);
    // The ledger is fed by event, and the events are in the outbox.
    expect(await held(mesh.databaseUrl)).toBeGreaterThan(0);
    await service('start', 'kafka');
    await load.more(20);
    await load.stop();
    await expectDoneOnce(mesh.url, load.acknowledged);
    for (const { url } of mesh.gateways) await expectWholeHistory(url, load.acknowledged, cursor);
  });

  it('have, after all of that, paid each attempt once and put nothing aside', async () => {
    await expectDoneOnce(mesh.url, acknowledged);
    const client = new pg.Client({ connectionString: mesh.databaseUrl });
    await client.connect();
    const { rows } = await client.query<{ attempts: number; entries: number; different: number }>(
      `select (select count(*)::int from agents.attempt where outcome <> 'SKIPPED') as attempts,
              (select count(*)::int from costs.ledger_entry) as entries,
              (select count(*)::int from agents.attempt a join costs.ledger_entry l on l.attempt_id = a.id::text where a.cost_usd <> l.usd) as different`,
    );
    await client.end();
    expect(rows[0]!.entries).toBe(rows[0]!.attempts);
    expect(rows[0]!.different).toBe(0);
    expect(await readDeadLetters(mesh.space!)).toEqual([]);
  });
});

function urlsOf({ gateways }: FiveProcesses): string[] {
  return gateways.map(({ url }) => url);
}

interface Load {
  /** Of this load alone. */
  readonly acknowledged: ReadonlySet<string>;
  refused(): number;
  /** Resolves once that many more tasks were acknowledged. */
  more(count: number): Promise<void>;
  refusedMore(count: number): Promise<void>;
  stop(): Promise<void>;
}

/** Clients that run one task after the other, and go on after a refusal. */
function startLoad(urls: readonly string[], all: Set<string>): Load {
  const acknowledged = new Set<string>();
  let refused = 0;
  let stopped = false;
  const clients = Array.from({ length: CLIENTS }, async (_, client) => {
    for (let n = 0; !stopped; n++) {
      const id = await runTask(urls[(client + n) % urls.length]!, `${n} + ${client}`).catch(() => null);
      if (id === null) {
        refused++;
        await new Promise((resolve) => setTimeout(resolve, 20));
      } else {
        acknowledged.add(id);
        all.add(id);
      }
    }
  });
  const waitFor = async (read: () => number, count: number): Promise<void> => {
    const goal = read() + count;
    await eventually(
      async () => read(),
      (value) => value >= goal,
    );
  };
  return {
    acknowledged,
    refused: () => refused,
    more: (count) => waitFor(() => acknowledged.size, count),
    refusedMore: (count) => waitFor(() => refused, count),
    stop: async () => {
      stopped = true;
      await Promise.all(clients);
    },
  };
}

/** Events in the outboxes of all subgraphs. */
async function held(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ count: number }>(
    `select (select count(*) from agents.outbox)::int + (select count(*) from costs.outbox)::int as count`,
  );
  await client.end();
  return rows[0]!.count;
}
