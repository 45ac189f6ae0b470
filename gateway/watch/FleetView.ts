/** One window of one agent, as `agentMetrics` shows it. */
export interface Window {
  readonly at: string;
  readonly windowSeconds: number;
  readonly agent: { readonly id: string; readonly name?: string | null } | null;
  readonly requests: number;
  readonly successRate: number | null;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
  readonly costUsd: string;
  readonly queueDepth: number;
  readonly inFlight: number;
}

export interface AgentRow {
  readonly id: string;
  readonly name: string;
  /** Oldest first, those of the last minutes. */
  readonly windows: readonly Window[];
}

export interface FleetEvent {
  readonly atMs: number;
  readonly text: string;
}

/** Everything that the screen shows, as plain data. */
export interface FleetView {
  readonly agents: ReadonlyMap<string, AgentRow>;
  /** Newest last. Streams are of different speed, so an event may come after later ones. */
  readonly events: readonly FleetEvent[];
  /** What the connection does, in words. */
  readonly state: string;
  readonly isLive: boolean;
}

const KEPT_WINDOWS = 60;
const KEPT_EVENTS = 50;
/** More than a screen can show; those that are silent the longest are let go. */
const KEPT_AGENTS = 2_000;

export function emptyView(agents: readonly { id: string; name: string }[]): FleetView {
  const rows = agents.map(({ id, name }) => [id, { id, name, windows: [] }] as const);
  return { agents: new Map(rows), events: [], state: 'connecting', isLive: false };
}

export function withWindow(view: FleetView, window: Window): FleetView {
  const { agent } = window;
  if (!agent) return view;
  const before = view.agents.get(agent.id);
  const windows = [...(before?.windows ?? []), window].slice(-KEPT_WINDOWS);
  const agents = new Map(view.agents);
  agents.delete(agent.id);
  agents.set(agent.id, { id: agent.id, name: agent.name ?? before?.name ?? agent.id, windows });
  for (const id of agents.keys()) {
    if (agents.size <= KEPT_AGENTS) break;
    agents.delete(id);
  }
  return { ...view, agents };
}

export function withEvent(view: FleetView, event: FleetEvent): FleetView {
  return { ...view, events: [...view.events, event].sort((a, b) => a.atMs - b.atMs).slice(-KEPT_EVENTS) };
}

export function withState(view: FleetView, state: string, isLive: boolean): FleetView {
  return { ...view, state, isLive };
}
