import type { Logger } from 'pino';
import { buildCedarSet, type CedarSet } from '../../subgraphs/shared/cedar/buildCedarSet.js';
import { decodeCursor, topicOf } from '../../subgraphs/shared/eventlog/cursor.js';
import type { EventLog, EventReader } from '../../subgraphs/shared/eventlog/EventLog.js';
import type { MeshEvent } from '../../subgraphs/shared/events.js';
import { SUBGRAPH_NAMES, type SubgraphName, type Topic } from '../../subgraphs/shared/names.js';
import { pause, retryPauseMs } from '../../subgraphs/shared/pause.js';
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
import type { SubgraphClient, SubgraphOperation } from '../fetch/SubgraphClient.js';
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
  /** See Control. */
  caughtUp(cursor: string, signal: AbortSignal): Promise<void>;
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
/** An event log that has not shown its newest events by then is taken for broken, and the snapshot is read again. */
const HEARTBEAT_TIMEOUT_MS = 10_000;
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
  /** Empty while the snapshot is read. */
  let following: ReadonlyMap<Topic, Followed> = new Map();
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
    const readers: Followed[] = [];
    const stop = (): void => readers.forEach(({ reader }) => void reader.stop());
    stopping.signal.addEventListener('abort', stop, { once: true });
    let beating: NodeJS.Timeout | undefined;
    let over = false;
    try {
      for (const topic of FOLLOWED) {
        const head = await eventLog.head(topic);
        readers.push({ topic, head, epoch: decodeCursor(head, topic).epoch, reader: await eventLog.read(topic, head) });
      }
      await Promise.all(SUBGRAPH_NAMES.map(loadSubgraph));
      currentAt = clock();
      catalog.began(readers.find(({ topic }) => topic === 'mesh.catalog')!.head);
      const followers = readers.map(({ topic, reader }) =>
        follow(reader, (event, cursor) => {
          take(latencies.take(event) ?? pageOf(event));
          if (topic === 'mesh.catalog') catalog.saw(event, cursor);
        }),
      );
      following = new Map(readers.map((followed) => [followed.topic, followed]));
      const failed = new Promise<never>((_, reject) => {
        let pending = false;
        beating = setInterval(() => {
          if (pending) return;
          pending = true;
          const askedAt = clock();
          const tooLate = AbortSignal.timeout(HEARTBEAT_TIMEOUT_MS);
          Promise.all(readers.map(async ({ topic, reader }) => reader.reached(await eventLog.head(topic), tooLate)))
            .then(() => {
              pending = false;
              if (over) return;
              currentAt = Math.max(currentAt, askedAt);
            })
            .catch(reject);
        }, HEARTBEAT_MS);
      });
      await Promise.race([failed, ...followers]);
      if (!stopping.signal.aborted) throw new Error('the event log ended');
    } finally {
      over = true;
      following = new Map();
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
    caughtUp: (cursor, signal) => waitFor(cursor, signal, (topic) => following.get(topic)),
    ageMs: () => clock() - currentAt,
    close: async () => {
      stopping.abort();
      await running;
    },
  };
}

interface Followed {
  readonly topic: Topic;
  /** Where it began. */
  readonly head: string;
  readonly epoch: string;
  readonly reader: EventReader;
}

/** Applies what comes, until the reader is stopped. Rejects with the reader's error. */
async function follow(reader: EventReader, apply: (event: MeshEvent, cursor: string) => void): Promise<void> {
  for await (const { event, cursor } of reader) apply(event, cursor);
}

/** When the snapshot is read anew meanwhile, its new readers must reach the cursor, too. */
async function waitFor(text: string, signal: AbortSignal, find: (topic: Topic) => Followed | undefined): Promise<void> {
  const topic = topicOf(text);
  if (!FOLLOWED.includes(topic))
    throw new MeshError('BAD_CURSOR', `Nothing here depends on ${topic}; x-mesh-after takes cursors of ${FOLLOWED.join(', ')}.`);
  const { epoch } = decodeCursor(text, topic);
  while (!signal.aborted) {
    const followed = find(topic);
    if (!followed) {
      await pause(20, signal);
      continue;
    }
    if (followed.epoch !== epoch)
      throw new MeshError(
        'BAD_CURSOR',
        'The cursor is of another life of the event log. Send the operation without x-mesh-after.',
      );
    const reached = await followed.reader.reached(text, signal).then(
      () => true,
      () => false,
    );
    if (reached && find(topic) === followed) return;
  }
  throw new MeshError('SNAPSHOT_STALE', 'The gateway has not heard of that event in time. Try again.');
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

const READ_PAGE: SubgraphOperation = { query: 'query ($after: String) { _snapshot(after: $after) }', kind: 'query' };

async function readPage(
  client: SubgraphClient,
  name: string,
  after: string | null,
  clock: () => number,
  signal: AbortSignal,
): Promise<SnapshotPage> {
  const request = { principal: GATEWAY_PRINCIPAL, operationId: 'snapshot', deadlineAt: clock() + PAGE_TIMEOUT_MS };
  const { data, errors } = await client.request(
    { operation: READ_PAGE, variables: JSON.stringify({ after }) },
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
