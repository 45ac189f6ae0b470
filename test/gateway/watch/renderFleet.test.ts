import { describe, expect, it } from 'vitest';
import { emptyView, withEvent, withState, withWindow, type FleetView, type Window } from '../../../gateway/watch/FleetView.js';
import { renderFleet, type Screen } from '../../../gateway/watch/renderFleet.js';

const NOW = Date.parse('2026-03-01T12:00:02Z');
const timeOf = (ms: number): string => new Date(ms).toISOString().slice(11, 19);

function screen(more: Partial<Screen> = {}): Screen {
  return { columns: 80, rows: 24, colours: false, nowMs: NOW, timeOf, ...more };
}

function window(id: string, secondsAgo: number, more: Partial<Window> = {}): Window {
  const at = new Date(Date.parse('2026-03-01T12:00:00Z') - secondsAgo * 1000).toISOString();
  const numbers = {
    requests: 10,
    successRate: 1,
    p50Ms: 12.3,
    p95Ms: 340,
    p99Ms: 1_250,
    costUsd: '0.000012',
    queueDepth: 3,
    inFlight: 2,
  };
  return { at, windowSeconds: 5, agent: { id, name: `Agent ${id}` }, ...numbers, ...more };
}

const live = (view: FleetView): FleetView => withState(view, 'http://mesh', true);
const fleet = live(
  [
    window('a', 10, { requests: 5 }),
    window('a', 0),
    window('b', 0, { requests: 1, successRate: 0, costUsd: '0', queueDepth: 0, inFlight: 0 }),
  ].reduce(withWindow, emptyView([{ id: 'z', name: 'Idle' }])),
);

describe('the screen of the fleet', () => {
  it('shows what each agent does and all of them together, in 80 columns', () => {
    const view = withEvent(fleet, { atMs: NOW, text: 'task   FAILED    x by b' });
    expect(renderFleet(view, screen())).toEqual(
      [
        'Agent Mesh · http://mesh                                               12:00:02',
        '',
        'agent          req/s   ok    p50    p95    p99   USD/min queue busy  last minute',
        'Agent a          2.0 100%   12ms  340ms   1.3s  0.000024     3    2 ▁▁▁▁▁▁▁▁▁▅▁█',
        'Agent b          0.2   0%   12ms  340ms   1.3s         0     0    0 ▁▁▁▁▁▁▁▁▁▁▁█',
        'Idle               –    –      –      –      –         0     0    0 ▁▁▁▁▁▁▁▁▁▁▁▁',
        'all              2.2  91%                       0.000024     3    2',
        '',
        '12:00:02 task   FAILED    x by b',
      ].map((line) => (line.startsWith('all') ? line.padEnd(80) : line)),
    );
  });

  it.each([20, 40, 60, 72, 80, 120, 200])('never is wider than %s columns nor higher than the terminal', (columns) => {
    let view = fleet;
    for (let n = 0; n < 100; n++) view = withEvent(view, { atMs: NOW + n, text: 'x'.repeat(300) });
    for (const rows of [3, 8, 24]) {
      const lines = renderFleet(view, screen({ columns, rows }));
      expect(lines.length).toBeLessThanOrEqual(rows);
      for (const line of lines) expect([...line].length).toBeLessThanOrEqual(columns);
    }
  });

  it('falls to zero with the empty window, and shows nothing where the newest is too old', () => {
    const silent = withWindow(
      fleet,
      window('a', -5, {
        requests: 0,
        successRate: null,
        p50Ms: null,
        p95Ms: null,
        p99Ms: null,
        costUsd: '0',
        queueDepth: 0,
        inFlight: 0,
      }),
    );
    expect(renderFleet(silent, screen({ nowMs: NOW + 4_000 }))[3]).toMatch(/^Agent a +0\.0 +– +– +– +– +0\.000024 +0 +0 /);
    expect(renderFleet(fleet, screen({ nowMs: NOW + 60_000 }))[3]).toMatch(/^Agent a +– +– +– +– +– +0 +0 +0 /);
  });

  it('does not call 99.9 % all', () => {
    const view = withWindow(fleet, window('a', -5, { requests: 1_000, successRate: 0.999 }));
    expect(renderFleet(view, screen())[3]).toMatch(/^Agent a +200 +99%/);
  });

  it('shows those that do most when not all fit, by name, and says how many are left out', () => {
    let view = live(emptyView([]));
    for (let n = 10; n < 60; n++) view = withWindow(view, window(`n${n}`, 0, { requests: n }));
    const lines = renderFleet(view, screen({ rows: 12 }));
    expect(lines.slice(3, 7).map((line) => line.slice(0, 9))).toEqual(['Agent n56', 'Agent n57', 'Agent n58', 'Agent n59']);
    expect(lines[7]).toBe('and 46 more that did less');
  });

  it('puts events of streams of different speed in the order in which they happened', () => {
    const view = [3, 1, 2].reduce((all, n) => withEvent(all, { atMs: NOW + n * 1000, text: `event ${n}` }), fleet);
    expect(renderFleet(view, screen()).slice(-3)).toEqual(['12:00:03 event 1', '12:00:04 event 2', '12:00:05 event 3']);
  });

  it('tells a newcomer how to make something happen', () => {
    expect(renderFleet(live(emptyView([])), screen()).at(-1)).toContain('npm run traffic');
  });

  it('takes no control characters from names and events', () => {
    const view = withEvent(withWindow(fleet, window('c', 0, { agent: { id: 'c', name: 'evil\u001b[31m' } })), {
      atMs: NOW,
      text: 'task \u001b[2J',
    });
    expect(renderFleet(view, screen()).join('')).not.toContain('\u001b');
  });
});
