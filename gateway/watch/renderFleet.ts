import { cutTo, padTo, plainText } from '../terminal/plainText.js';
import { shortMs, shortRate, shortUsd } from '../terminal/shortForms.js';
import type { AgentRow, FleetEvent, FleetView, Window } from './FleetView.js';
import { costOfMinute, newestWindow, perSecond, sparkline, sparklineEnd } from './measure.js';

export interface Screen {
  readonly columns: number;
  readonly rows: number;
  readonly colours: boolean;
  /** Epoch milliseconds. */
  readonly nowMs: number;
  /** How a moment is written, in the watcher's own time zone. */
  readonly timeOf: (ms: number) => string;
}

interface Column {
  readonly title: string;
  readonly width: number;
  readonly cell: (row: AgentRow, newest: Window | undefined, at: { readonly nowMs: number; readonly endMs: number }) => string;
}

const SPARK = 12;
const NAME_MIN = 10;
const NAME_MAX = 28;

/** In the order on the screen. */
const COLUMNS: readonly Column[] = [
  { title: 'req/s', width: 5, cell: (_, newest) => (newest ? shortRate(perSecond(newest)) : '–') },
  { title: 'ok', width: 4, cell: (_, newest) => percent(newest?.successRate ?? null) },
  { title: 'p50', width: 6, cell: (_, newest) => shortMs(newest?.p50Ms ?? null) },
  { title: 'p95', width: 6, cell: (_, newest) => shortMs(newest?.p95Ms ?? null) },
  { title: 'p99', width: 6, cell: (_, newest) => shortMs(newest?.p99Ms ?? null) },
  { title: 'USD/min', width: 9, cell: (row, _, { nowMs }) => shortUsd(costOfMinute(row, nowMs)) },
  { title: 'queue', width: 5, cell: (_, newest) => String(newest?.queueDepth ?? 0) },
  { title: 'busy', width: 4, cell: (_, newest) => String(newest?.inFlight ?? 0) },
  { title: 'last minute', width: SPARK, cell: (row, _, { endMs }) => sparkline(row, SPARK, endMs) },
];
/** What a narrow terminal does without, first to last. */
const DISPENSABLE = ['last minute', 'p99', 'busy', 'USD/min', 'p50', 'queue'];

/** The whole screen, as many lines as fit and none wider than it: the table, and the newest events in what is left below it. */
export function renderFleet(view: FleetView, screen: Screen): string[] {
  const table = renderTable(view, screen);
  const space = screen.rows - table.length - 1;
  if (space < 1) return table.slice(0, screen.rows);
  const hint = 'Nothing happens yet. `npm run traffic` in another terminal asks the fleet something.';
  const events = view.events.slice(-space).map((event) => eventLine(event, screen));
  return [...table, '', ...(events.length > 0 ? events : [paint(cutTo(hint, screen.columns), 'dim', screen)])];
}

export function renderTable(view: FleetView, screen: Screen): string[] {
  const columns = columnsFor(screen.columns);
  const rows = shownAgents(view, screen);
  const hidden = view.agents.size - rows.length;
  const at = { nowMs: screen.nowMs, endMs: sparklineEnd(view, screen.nowMs) };
  return [
    headline(view, screen),
    '',
    paint(
      tableLine('agent', columns, ({ title }) => title, screen),
      'dim',
      screen,
    ),
    ...rows.map((row) => agentLine(row, columns, at, screen)),
    ...(hidden > 0 ? [paint(cutTo(`and ${hidden} more that did less`, screen.columns), 'dim', screen)] : []),
    totalLine(view, columns, screen),
  ];
}

function columnsFor(width: number): readonly Column[] {
  let columns = COLUMNS;
  for (const title of DISPENSABLE) {
    if (fixedWidth(columns) + NAME_MIN <= width) break;
    columns = columns.filter((column) => column.title !== title);
  }
  return columns;
}

function fixedWidth(columns: readonly Column[]): number {
  return columns.reduce((sum, { width }) => sum + width + 1, 0);
}

/** By name, so that nobody jumps about; when there are too many, those that did most. */
function shownAgents({ agents }: FleetView, { rows, nowMs }: Screen): AgentRow[] {
  const room = Math.max(1, rows - 8);
  const activity = (row: AgentRow): number => {
    const newest = newestWindow(row, nowMs);
    return newest ? newest.requests + newest.queueDepth + newest.inFlight : 0;
  };
  const all = [...agents.values()];
  const most = all.length <= room ? all : all.sort((a, b) => activity(b) - activity(a)).slice(0, room);
  return most.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function headline({ state, isLive }: FleetView, screen: Screen): string {
  const time = screen.timeOf(screen.nowMs);
  const text = padTo(`Agent Mesh · ${plainText(state)}`, screen.columns - time.length - 2, 'left');
  return `${paint(text, isLive ? 'bold' : 'yellow', screen)} ${paint(time, 'dim', screen)}`;
}

function tableLine(
  name: string,
  columns: readonly Column[],
  cell: (column: Column) => string,
  { columns: width }: Screen,
): string {
  const nameWidth = Math.min(NAME_MAX, Math.max(1, width - fixedWidth(columns)));
  const cells = columns.map((column) => padTo(cell(column), column.width, 'right'));
  return cutTo([padTo(plainText(name), nameWidth, 'left'), ...cells].join(' '), width);
}

function agentLine(
  row: AgentRow,
  columns: readonly Column[],
  at: { readonly nowMs: number; readonly endMs: number },
  screen: Screen,
): string {
  const newest = newestWindow(row, screen.nowMs);
  const line = tableLine(row.name, columns, (column) => column.cell(row, newest, at), screen);
  if (!newest || newest.requests + newest.queueDepth + newest.inFlight === 0) return paint(line, 'dim', screen);
  const rate = newest.successRate ?? 1;
  return paint(line, rate < 0.5 ? 'red' : rate < 0.9 ? 'yellow' : 'plain', screen);
}

/** Percentiles cannot be added up from percentiles, so the line of all has none. */
function totalLine({ agents }: FleetView, columns: readonly Column[], screen: Screen): string {
  const rows = [...agents.values()];
  const newest = rows.flatMap((row) => newestWindow(row, screen.nowMs) ?? []);
  const sum = (of: (window: Window) => number): number => newest.reduce((total, window) => total + of(window), 0);
  const requests = sum((window) => window.requests);
  const succeeded = sum((window) => (window.successRate ?? 0) * window.requests);
  const cells: Readonly<Record<string, string>> = {
    'req/s': shortRate(sum(perSecond)),
    ok: percent(requests === 0 ? null : succeeded / requests),
    'USD/min': shortUsd(rows.reduce((total, row) => total + costOfMinute(row, screen.nowMs), 0n)),
    queue: String(sum(({ queueDepth }) => queueDepth)),
    busy: String(sum(({ inFlight }) => inFlight)),
  };
  return paint(
    tableLine('all', columns, ({ title }) => cells[title] ?? '', screen),
    'bold',
    screen,
  );
}

function eventLine({ atMs, text: told }: FleetEvent, screen: Screen): string {
  const text = cutTo(`${screen.timeOf(atMs)} ${plainText(told)}`, screen.columns);
  return / (FAILED|REFUSED|CANCELLED) /.test(text) ? paint(text, 'yellow', screen) : paint(text, 'dim', screen);
}

function percent(share: number | null): string {
  if (share === null) return '–';
  // What is not quite all is not shown as all.
  return `${share < 1 ? Math.min(99, Math.round(share * 100)) : 100}%`;
}

const STYLES = { plain: '', dim: '2', bold: '1', yellow: '33', red: '31' } as const;

function paint(text: string, style: keyof typeof STYLES, { colours }: Screen): string {
  return colours && STYLES[style] !== '' ? `\u001b[${STYLES[style]}m${text}\u001b[0m` : text;
}
