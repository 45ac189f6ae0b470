import type { Logger } from 'pino';
import { buildCedarSet, type CedarSet } from '../../subgraphs/shared/cedar/buildCedarSet.js';
import type { EventLog, EventReader } from '../../subgraphs/shared/eventlog/EventLog.js';
import type { MeshEvent } from '../../subgraphs/shared/events.js';
import { SUBGRAPH_NAMES, type SubgraphName, type Topic } from '../../subgraphs/shared/names.js';
import { retryPauseMs } from '../../subgraphs/shared/pause.js';
import { GATEWAY_PRINCIPAL } from '../../subgraphs/shared/principal.js';
import type {
  AgentRecord,
  BudgetRecord,
  ModelRecord,
  PolicyRecord,
  QualityRecord,
  SnapshotPage,
} from '../../subgraphs/shared/snapshot.js';
import type { CatalogListener } from '../cache/generations.js';
import { MeshError } from '../errors.js';
import type { SubgraphClient } from '../fetch/SubgraphClient.js';
import { createLatencies, type Latency } from './latencies.js';

/** What the gateway decides and routes by, in memory. */
export interface Snapshot {
  agentsOf(tenant: string): readonly AgentRecord[];
  agent(id: string): AgentRecord | undefined;
  model(id: string): ModelRecord | undefined;
  budget(id: string): BudgetRecord | undefined;
  policy(id: string): PolicyRecord | undefined;
  quality(agentId: string, modelId: string, taskClass: string): QualityRecord | undefined;
  latency(agentId: string, modelId: string): Latency | undefined;
  /** The tenant's policies and those of all tenants, in force. */
  policies(tenant: string | null): CedarSet;
  /** Milliseconds since it was known to be current. Infinity: it was not loaded yet. */
  ageMs(): number;
  close(): Promise<void>;
}

interface Options {
  readonly clients: ReadonlyMap<string, SubgraphClient>;
  readonly eventLog: EventLog;
  /** Told of `mesh.catalog` as it is followed. */
  readonly catalog: CatalogListener;
  readonly clock: () => number;
  readonly log: Logger;
}

const FOLLOWED: readonly Topic[] = ['mesh.catalog', 'mesh.tasks', 'mesh.evaluations', 'mesh.budgets'];
const HEARTBEAT_MS = 2_000;
const PAGE_TIMEOUT_MS = 10_000;
const MAX_PAGES = 10_000;

/**
 * Notes where the topics end, reads every subgraph's `_snapshot` page by page, then applies the events from there on: nothing is missed,
 * and what comes twice is told apart by its version. When anything of this fails it begins again, and what is there goes on ageing.
 */
export function createSnapshot({ clients, eventLog, catalog, clock, log }: Options): Snapshot {
  const agents = new Map<string, AgentRecord>();
  const models = new Map<string, ModelRecord>();
  const qualities = new Map<string, QualityRecord>();
  const budgets = new Map<string, BudgetRecord>();
  const policies = new Map<string, PolicyRecord>();
  const latencies = createLatencies();
  const byTenant = new Map<string, AgentRecord[]>();
  const cedarSets = new Map<string, CedarSet>();
  const stopping = new AbortController();
  let currentAt = -Infinity;

  const take = (page: Omit<SnapshotPage, 'next'>): void => {
    for (const record of page.agents ?? []) if (putNewer(agents, record.id, record)) byTenant.delete(record.tenant);
    for (const record of page.models ?? []) putNewer(models, record.id, record);
    for (const record of page.qualities ?? []) putNewer(qualities, qualityKey(record), record);
    for (const record of page.budgets ?? []) putNewer(budgets, record.id, record);
    for (const record of page.policies ?? []) if (putNewer(policies, record.id, record)) cedarSets.clear();
    for (const record of page.latencies ?? []) latencies.start(record);
  };

  const loadSubgraph = async (name: SubgraphName): Promise<void> => {
    let after: string | null = null;
    for (let pages = 0; pages < MAX_PAGES; pages++) {
      const page: SnapshotPage = await readPage(clients.get(name)!, name, after, clock, stopping.signal);
      take(page);
      if (page.next === null) return;
      after = page.next;
    }
    throw new Error(`the snapshot of ${name} has no end`);
  };

  const live = async (): Promise<void> => {
    const readers = await Promise.all(
      FOLLOWED.map(async (topic) => {
        const head = await eventLog.head(topic);
        return { topic, seen: head, reader: await eventLog.read(topic, head) };
      }),
    );
    const stop = (): void => readers.forEach(({ reader }) => void reader.stop());
    stopping.signal.addEventListener('abort', stop, { once: true });
    let beating: NodeJS.Timeout | undefined;
    try {
      await Promise.all(SUBGRAPH_NAMES.map(loadSubgraph));
      currentAt = clock();
      catalog.began(readers.find(({ topic }) => topic === 'mesh.catalog')!.seen);
      const followers = readers.map((followed) =>
        follow(followed, (event, cursor) => {
          take(latencies.take(event) ?? pageOf(event));
          if (followed.topic === 'mesh.catalog') catalog.saw(event, cursor);
        }),
      );
      const failed = new Promise<never>((_, reject) => {
        let pending = false;
        beating = setInterval(() => {
          if (pending) return;
          pending = true;
          const askedAt = clock();
          Promise.all(followers.map((follower) => follower.reaches(eventLog)))
            .then(() => {
              pending = false;
              currentAt = Math.max(currentAt, askedAt);
            })
            .catch(reject);
        }, HEARTBEAT_MS);
      });
      await Promise.race([failed, ...followers.map(({ ended }) => ended)]);
      if (!stopping.signal.aborted) throw new Error('the event log ended');
    } finally {
      clearInterval(beating);
      catalog.lost();
      stopping.signal.removeEventListener('abort', stop);
      stop();
    }
  };

  const running = (async () => {
    for (let failures = 0; !stopping.signal.aborted;) {
      try {
        await live();
      } catch (error) {
        if (stopping.signal.aborted) return;
        failures = currentAt > clock() - 60_000 ? 1 : failures + 1;
        log.warn({ err: error, failures }, 'the snapshot of the mesh could not be followed and is read again');
        await pause(retryPauseMs(failures), stopping.signal);
      }
    }
  })();

  return {
    agentsOf: (tenant) => {
      let list = byTenant.get(tenant);
      if (!list) {
        list = [...agents.values()].filter((agent) => agent.tenant === tenant).sort((a, b) => (a.id < b.id ? -1 : 1));
        byTenant.set(tenant, list);
      }
      return list;
    },
    agent: (id) => agents.get(id),
    model: (id) => models.get(id),
    budget: (id) => budgets.get(id),
    policy: (id) => policies.get(id),
    quality: (agentId, modelId, taskClass) => qualities.get(qualityKey({ agentId, modelId, taskClass })),
    latency: latencies.of,
    policies: (tenant) => {
      const key = tenant ?? '';
      let set = cedarSets.get(key);
      if (!set) {
        set = buildCedarSet([...policies.values()].filter((policy) => policy.tenant === '*' || policy.tenant === tenant));
        cedarSets.set(key, set);
      }
      return set;
    },
    ageMs: () => clock() - currentAt,
    close: async () => {
      stopping.abort();
      await running;
    },
  };
}

interface Followed {
  readonly topic: Topic;
  readonly reader: EventReader;
  seen: string;
}

function follow(followed: Followed, apply: (event: MeshEvent, cursor: string) => void) {
  const waiters = new Set<() => void>();
  const ended = (async () => {
    for await (const { event, cursor } of followed.reader) {
      apply(event, cursor);
      followed.seen = cursor;
      for (const look of waiters) look();
    }
  })();
  return {
    ended,
    /** Resolves once everything has been applied that is in the topic now; rejects when the topic has ended before. */
    reaches: async (eventLog: EventLog): Promise<void> => {
      const head = await eventLog.head(followed.topic);
      if (head === followed.seen) return;
      const reached = new Promise<void>((resolve) => {
        const look = (): void => {
          if (followed.seen !== head) return;
          waiters.delete(look);
          resolve();
        };
        waiters.add(look);
      });
      await Promise.race([reached, ended]);
    },
  };
}

function pageOf({ type, data }: MeshEvent): Omit<SnapshotPage, 'next'> {
  switch (type) {
    case 'agent.changed':
      return { agents: [(data as { record: AgentRecord }).record] };
    case 'model.changed':
      return { models: [(data as { record: ModelRecord }).record] };
    case 'policy.changed':
      return { policies: [(data as { record: PolicyRecord }).record] };
    case 'budget.changed':
    case 'budget.moved':
      return { budgets: [(data as { record: BudgetRecord }).record] };
    case 'evaluation.recorded':
      return { qualities: (data as { quality: QualityRecord[] }).quality };
    default:
      return {};
  }
}

async function readPage(
  client: SubgraphClient,
  name: string,
  after: string | null,
  clock: () => number,
  signal: AbortSignal,
): Promise<SnapshotPage> {
  const request = { principal: GATEWAY_PRINCIPAL, operationId: 'snapshot', deadlineAt: clock() + PAGE_TIMEOUT_MS };
  const { data, errors } = await client.request(
    { query: 'query ($after: String) { _snapshot(after: $after) }', variables: { after } },
    { request, signal },
  );
  const page = data?.['_snapshot'];
  if (page) return page as SnapshotPage;
  throw new MeshError('SUBREQUEST_FAILED', `${name} gave no snapshot: ${errors?.[0]?.message ?? 'no reason'}`);
}

function putNewer<Entry extends { readonly version: number }>(map: Map<string, Entry>, key: string, record: Entry): boolean {
  const held = map.get(key);
  if (held && held.version >= record.version) return false;
  map.set(key, record);
  return true;
}

function qualityKey({ agentId, modelId, taskClass }: { agentId: string; modelId: string; taskClass: string }): string {
  return JSON.stringify([agentId, modelId, taskClass]);
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
  });
}
