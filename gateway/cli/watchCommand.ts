import { createMeshClient } from '../apply/meshClient.js';
import { MeshError } from '../errors.js';
import { enterFullScreen } from '../terminal/fullScreen.js';
import { plainText } from '../terminal/plainText.js';
import { emptyView, withEvent, withState, withWindow, type FleetView, type Window } from '../watch/FleetView.js';
import { followMesh } from '../watch/followMesh.js';
import { renderFleet, renderTable, type Screen } from '../watch/renderFleet.js';
import { isEnd, routeText, taskText, windowText, type RouteEvent, type StreamName, type TaskEvent } from '../watch/streams.js';
import { readAccess, type MeshAccess } from './meshAccess.js';

/** `mesh watch [--url]`: the fleet as it works, refreshed in place; where stdout is no terminal, a line for each event. */
export async function watchCommand(flags: { url: string; token?: string }): Promise<void> {
  const access = readAccess(flags.url, flags.token, 'dev-viewer');
  const agents = await readAgents(access);
  const stopping = new AbortController();
  const stop = (): void => {
    if (stopping.signal.aborted) process.exit(1);
    stopping.abort();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  // Whoever read the lines is gone: `mesh watch | head`.
  process.stdout.on('error', stop);
  if (process.stdout.isTTY) await watchOnScreen(access, agents, stopping.signal);
  else await watchAsLines(access, stopping.signal);
}

type Names = readonly { readonly id: string; readonly name: string }[];

/** Those that are silent are shown, too. Rejects when no gateway answers or the token does not hold. */
async function readAgents({ url, token }: MeshAccess): Promise<Names> {
  const client = createMeshClient({ url, ...(token !== undefined && { token }) });
  try {
    const { agents } = await client<{ agents: { nodes: Names } | null }>('{ agents(first: 100) { nodes { id name } } }');
    return agents?.nodes ?? [];
  } catch (error) {
    // Perhaps tasks may be seen all the same.
    if (error instanceof MeshError && error.code === 'FORBIDDEN') return [];
    throw error;
  }
}

const REDRAW_MS = 1_000;
const SOON_MS = 100;

async function watchOnScreen({ url, token }: MeshAccess, agents: Names, signal: AbortSignal): Promise<void> {
  const out = process.stdout;
  let view = emptyView(agents);
  const size = (): Screen => ({
    columns: out.columns || 80,
    rows: out.rows || 24,
    colours: !process.env['NO_COLOR'],
    nowMs: Date.now(),
    timeOf,
  });
  const screen = enterFullScreen(out);
  process.on('exit', screen.leave);
  let soon: NodeJS.Timeout | undefined;
  const draw = (): void => {
    clearTimeout(soon);
    soon = undefined;
    screen.draw(renderFleet(view, size()));
  };
  const change = (next: FleetView): void => {
    view = next;
    soon ??= setTimeout(draw, SOON_MS);
  };
  const ticking = setInterval(draw, REDRAW_MS);
  out.on('resize', draw);
  draw();
  try {
    await followMesh({
      url,
      token,
      signal,
      onEvent: (stream, payload) => change(show(view, stream, payload)),
      onState: (state, isLive) => change(withState(view, state, isLive)),
    });
  } finally {
    clearInterval(ticking);
    clearTimeout(soon);
    out.off('resize', draw);
    screen.leave();
  }
  // What was seen last stays readable.
  out.write(`${renderTable(view, size()).join('\n')}\n`);
}

function show(view: FleetView, stream: StreamName, payload: unknown): FleetView {
  switch (stream) {
    case 'agentMetrics':
      return withWindow(view, payload as Window);
    case 'taskEvents': {
      const event = payload as TaskEvent;
      return isEnd(event) ? withEvent(view, { atMs: Date.parse(event.at), text: taskText(event) }) : view;
    }
    case 'routeDecisions': {
      const event = payload as RouteEvent;
      return withEvent(view, { atMs: Date.parse(event.at), text: routeText(event) });
    }
  }
}

async function watchAsLines({ url, token }: MeshAccess, signal: AbortSignal): Promise<void> {
  const print = (at: string, text: string): void => void process.stdout.write(`${at} ${plainText(text)}\n`);
  await followMesh({
    url,
    token,
    signal,
    onEvent: (stream, payload) => print((payload as { at: string }).at, lineOf(stream, payload)),
    onState: (state, isLive) => print(new Date().toISOString(), isLive ? `watching ${state}` : state),
  });
}

function lineOf(stream: StreamName, payload: unknown): string {
  switch (stream) {
    case 'agentMetrics':
      return windowText(payload as Window);
    case 'taskEvents': {
      const event = payload as TaskEvent;
      return `${taskText(event)}${event.task ? ` ${event.task.id}` : ''}`;
    }
    case 'routeDecisions':
      return routeText(payload as RouteEvent);
  }
}

function timeOf(ms: number): string {
  return new Date(ms).toTimeString().slice(0, 8);
}
