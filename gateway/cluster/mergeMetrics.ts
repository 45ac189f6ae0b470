/** A family of the Prometheus text format: its head lines, and its samples by name and labels. */
export interface Family {
  readonly head: readonly string[];
  readonly type: string;
  readonly samples: ReadonlyMap<string, number>;
}

export type Families = ReadonlyMap<string, Family>;

/** Of these the largest stands for all; other gauges are counts of something, and add up. */
const LARGEST_COUNTS = /_age_seconds$/;

/** Reads what our own exporter writes: no timestamps, and labels always in the same order. */
export function readMetrics(text: string): Families {
  const families = new Map<string, { head: string[]; type: string; samples: Map<string, number> }>();
  let family: { head: string[]; type: string; samples: Map<string, number> } | undefined;
  for (const line of text.split('\n')) {
    const [, keyword, name, rest = ''] = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line) ?? [];
    if (keyword !== undefined && name !== undefined) {
      family = families.get(name) ?? { head: [], type: 'untyped', samples: new Map() };
      families.set(name, family);
      family.head.push(line);
      if (keyword === 'TYPE') family.type = rest;
    } else if (line !== '' && !line.startsWith('#')) {
      const at = line.lastIndexOf(' ');
      family?.samples.set(line.slice(0, at), toNumber(line.slice(at + 1)));
    }
  }
  return families;
}

/** The metrics of several processes as those of one: counters and histograms are added up, and so are gauges that are no ages. */
export function mergeMetrics(all: readonly Families[]): Families {
  const merged = new Map<string, { head: readonly string[]; type: string; samples: Map<string, number> }>();
  for (const families of all) {
    for (const [name, { head, type, samples }] of families) {
      const into = merged.get(name) ?? { head, type, samples: new Map() };
      merged.set(name, into);
      for (const [key, value] of samples) {
        const before = into.samples.get(key);
        if (before === undefined) into.samples.set(key, value);
        else into.samples.set(key, LARGEST_COUNTS.test(name) ? Math.max(before, value) : before + value);
      }
    }
  }
  return merged;
}

/** What stays of a process that has ended: what it has counted, not what it was like. */
export function countsOf(families: Families): Families {
  return new Map([...families].filter(([, { type }]) => type === 'counter' || type === 'histogram'));
}

export function printMetrics(families: Families): string {
  const lines: string[] = [];
  for (const { head, samples } of families.values()) {
    lines.push(...head);
    for (const [key, value] of samples) lines.push(`${key} ${toText(value)}`);
  }
  return `${lines.join('\n')}\n`;
}

function toNumber(text: string): number {
  if (text === '+Inf') return Infinity;
  return text === '-Inf' ? -Infinity : Number(text);
}

function toText(value: number): string {
  if (value === Infinity) return '+Inf';
  return value === -Infinity ? '-Inf' : String(value);
}
