import { readFileSync } from 'node:fs';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';

/** What was settled about subgraphs in the file of MESH_SUBGRAPHS_CONFIG. */
export interface SubgraphsConfig {
  /** Those that the file names. */
  readonly byName: ReadonlyMap<string, SubgraphSettings>;
  /** All others. */
  readonly others: SubgraphSettings;
}

/** How one subgraph is asked. */
export interface SubgraphSettings {
  /** What one attempt may take at most, in milliseconds. */
  readonly timeoutMs: number;
  readonly maxConcurrent: number;
  readonly maxQueued: number;
  readonly maxResponseBytes: number;
  /** `h2c`: HTTP/2 without TLS. `auto`: over TLS what the server prefers, else HTTP/1.1. */
  readonly protocol: 'auto' | 'http1' | 'h2c';
  /** PEM. Null: the system's authorities. */
  readonly ca: string | null;
  /** Null: there is none. */
  readonly breaker: BreakerSettings | null;
  readonly retry: RetrySettings | null;
  readonly hedge: HedgeSettings | null;
  readonly headers: readonly HeaderRule[];
}

export interface BreakerSettings {
  /** Opens when so many of a hundred requests in the window failed, */
  readonly failurePercent: number;
  readonly windowMs: number;
  /** and no fewer than this were made in it. */
  readonly minRequests: number;
  /** After so long one request is let through. */
  readonly openMs: number;
}

export interface RetrySettings {
  /** After the first attempt. */
  readonly retries: number;
  /** The pause before the first is a random part of this; it doubles with each. */
  readonly delayMs: number;
  readonly maxDelayMs: number;
  /** Retries may be so many of a hundred requests. */
  readonly budgetPercent: number;
}

export interface HedgeSettings {
  /** When a query is sent once more while the first is on the way. `p95`: when it takes longer than 95 of the last 100. */
  readonly afterMs: number | 'p95';
  /** Second requests may be so many of a hundred. */
  readonly budgetPercent: number;
}

/** A header that a subgraph of another team is sent: one of the client's, or always the same. */
export type HeaderRule =
  | { readonly from: string; readonly name: string; readonly fallback: string | null }
  | { readonly from: null; readonly name: string; readonly value: string };

const count = (max: number) => z.number().int().min(1).max(max);
const milliseconds = count(120_000);
const percent = z.number().gt(0).max(100);

const Breaker = z.strictObject({
  failurePercent: percent.default(50),
  windowMs: milliseconds.default(10_000),
  minRequests: count(1_000_000).default(20),
  openMs: milliseconds.default(2_000),
});
const Retry = z.strictObject({
  retries: count(5).default(2),
  delayMs: milliseconds.default(25),
  maxDelayMs: milliseconds.default(1_000),
  budgetPercent: percent.default(10),
});
const Hedge = z.strictObject({
  afterMs: z.union([milliseconds, z.literal('p95')]).default('p95'),
  budgetPercent: percent.default(5),
});

/** What HTTP itself needs, and what vouches for the gateway. */
const OURS =
  /^(host|content-.*|transfer-encoding|te|trailer|connection|keep-alive|upgrade|expect|accept|accept-encoding|proxy-.*|traceparent|x-mesh-.*)$/;
const headerName = z
  .string()
  .regex(/^[\w!#$%&'*+.^`|~-]{1,100}$/, 'must be the name of a header')
  .transform((name) => name.toLowerCase())
  .refine((name) => !OURS.test(name), { error: "is one of the gateway's own headers, which no rule changes" });
const headerValue = z.string().regex(/^[\t\x20-\x7e]{0,4000}$/, 'must be printable ASCII text of up to 4000 characters');

const Header = z.union([
  z.strictObject({ propagate: headerName, as: headerName.optional(), default: headerValue.optional() }),
  z.strictObject({ insert: headerName, value: headerValue }),
  z.strictObject({ insert: headerName, fromEnv: z.string().regex(/^\w+$/, 'must be the name of a variable') }),
]);

const Settings = z.strictObject({
  timeoutMs: milliseconds.optional(),
  maxConcurrent: count(10_000).optional(),
  maxQueued: z.number().int().min(0).max(100_000).optional(),
  maxResponseBytes: count(1024 * 1024 * 1024).optional(),
  protocol: z.enum(['auto', 'http1', 'h2c']).optional(),
  caFile: z.string().optional(),
  breaker: z.union([Breaker, z.literal(false)]).optional(),
  retry: z.union([Retry, z.literal(false)]).optional(),
  hedge: z.union([Hedge, z.literal(false)]).optional(),
  headers: z.array(Header).max(50).optional(),
});

const File = z.strictObject({ all: Settings.prefault({}), subgraphs: z.record(z.string(), Settings).default({}) });

export const SUBGRAPH_DEFAULTS: SubgraphSettings = {
  // As long as any operation may take.
  timeoutMs: 120_000,
  maxConcurrent: 100,
  maxQueued: 1_000,
  maxResponseBytes: 64 * 1024 * 1024,
  protocol: 'auto',
  ca: null,
  breaker: Breaker.parse({}),
  retry: null,
  hedge: null,
  headers: [],
};

export const NO_SUBGRAPHS_CONFIG: SubgraphsConfig = { byName: new Map(), others: SUBGRAPH_DEFAULTS };

/**
 * Reads the file, YAML or JSON. Headers' values may come from `env`, and are told to nobody. Puts what is wrong with it into
 * `problems`, all at once.
 */
export function readSubgraphsConfig(
  file: string,
  env: Readonly<Record<string, string | undefined>>,
  problems: string[],
): SubgraphsConfig {
  const report = (what: string): void => void problems.push(`MESH_SUBGRAPHS_CONFIG: ${what}`);
  const given = attempt(() => parseYaml(readFileSync(file, 'utf8')) as unknown, report);
  if (given === undefined) return NO_SUBGRAPHS_CONFIG;
  const parsed = File.safeParse(given ?? {});
  for (const { path, message } of parsed.error?.issues ?? []) report(`${path.join('.') || 'the file'}: ${message}`);
  if (!parsed.success) return NO_SUBGRAPHS_CONFIG;
  const { all, subgraphs } = parsed.data;
  const settle = (own: z.output<typeof Settings>, base: SubgraphSettings, place: string): SubgraphSettings => {
    const { caFile, headers, ...plain } = own;
    const known = Object.fromEntries(
      Object.entries(plain).map(([name, value]) => [name, value === false ? null : value]),
    ) as Partial<SubgraphSettings>;
    const ca = caFile === undefined ? base.ca : (attempt(() => readFileSync(caFile, 'utf8'), report) ?? null);
    const rules = headers?.map((rule, index) => ruleOf(rule, env, (what) => report(`${place}.headers.${index}: ${what}`)));
    return Object.freeze({ ...base, ...known, ca, ...(rules && { headers: rules }) });
  };
  const others = settle(all, SUBGRAPH_DEFAULTS, 'all');
  const byName = Object.entries(subgraphs).map(([name, own]) => [name, settle(own, others, `subgraphs.${name}`)] as const);
  return Object.freeze({ byName: new Map(byName), others });
}

export function settingsOf({ byName, others }: SubgraphsConfig, subgraph: string): SubgraphSettings {
  return byName.get(subgraph) ?? others;
}

function ruleOf(
  rule: z.output<typeof Header>,
  env: Readonly<Record<string, string | undefined>>,
  report: (what: string) => void,
): HeaderRule {
  if ('propagate' in rule) return { from: rule.propagate, name: rule.as ?? rule.propagate, fallback: rule.default ?? null };
  if ('value' in rule) return { from: null, name: rule.insert, value: rule.value };
  const value = env[rule.fromEnv] ?? '';
  if (value === '') report(`the variable ${rule.fromEnv} is not set`);
  else if (!headerValue.safeParse(value).success) report(`the variable ${rule.fromEnv} is no value of a header`);
  return { from: null, name: rule.insert, value };
}

function attempt<Result>(read: () => Result, report: (what: string) => void): Result | undefined {
  try {
    return read();
  } catch (error) {
    report((error as Error).message.split('\n')[0]!);
    return undefined;
  }
}
