import { readFileSync } from 'node:fs';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import type { PrincipalKind } from '../../subgraphs/shared/principal.js';

/** What operations may cost (@cost and @listSize). */
export interface CostConfig {
  /** `measure`: every operation is estimated and counted, and none refused. */
  readonly mode: 'off' | 'measure' | 'enforce';
  readonly limits: CostLimits;
  /** Items of a list of which nothing is said. */
  readonly listSize: number;
  /** Whether what answers came to is counted, too. Each answer is read once more for it. */
  readonly countsAnswers: boolean;
  /** Whether clients are told what their operations cost when they ask. */
  readonly isShown: boolean;
}

export interface CostLimits {
  /** Of everybody else. Null: no limit. */
  readonly max: number | null;
  /** By what a client calls itself. */
  readonly clients: ReadonlyMap<string, number>;
  /** The first that fits a caller holds, whatever the client calls itself. */
  readonly principals: readonly PrincipalLimit[];
}

/** What is left out fits everybody. */
export interface PrincipalLimit {
  readonly id?: string | undefined;
  readonly kind?: PrincipalKind | undefined;
  readonly tenant?: string | undefined;
  readonly role?: string | undefined;
  readonly max: number;
}

export const NO_COST_LIMITS: CostLimits = { max: null, clients: new Map(), principals: [] };

export const COST_DEFAULTS: CostConfig = {
  mode: 'off',
  limits: NO_COST_LIMITS,
  listSize: 10,
  countsAnswers: false,
  isShown: false,
};

const whole = (max: number) =>
  z.coerce
    .number({ error: `must be a number from 0 to ${max}` })
    .int('must be a whole number')
    .min(0, `must be a number from 0 to ${max}`)
    .max(max, `must be a number from 0 to ${max}`);
const MAX_LIMIT = 1_000_000_000;

export const COST_SETTINGS = {
  MESH_COST_MODE: z.enum(['off', 'measure', 'enforce'], { error: 'must be off, measure or enforce' }).optional(),
  MESH_COST_MAX: whole(MAX_LIMIT).optional(),
  MESH_COST_LIMITS: z.string().optional(),
  MESH_COST_LIST_SIZE: whole(1_000_000).default(COST_DEFAULTS.listSize),
  MESH_COST_ACTUAL: z.enum(['on', 'off'], { error: 'must be on or off' }).default('off'),
  MESH_COST_SHOW: z.enum(['on', 'off'], { error: 'must be on or off' }).default('off'),
};

const limit = z.number().int().min(0).max(MAX_LIMIT);
const name = z.string().min(1).max(200);
const File = z.strictObject({
  clients: z.record(name, limit).default({}),
  principals: z
    .array(
      z
        .strictObject({
          id: name.optional(),
          kind: z.enum(['USER', 'SERVICE', 'AGENT', 'ANONYMOUS']).optional(),
          tenant: name.optional(),
          role: name.optional(),
          max: limit,
        })
        .refine((rule) => Object.keys(rule).length > 1, 'must say whom it fits: id, kind, tenant or role'),
    )
    .max(1_000)
    .default([]),
});

/** `file`: see MESH_COST_LIMITS. Where there is a limit and no mode, it is kept to. */
export function costConfigOf(
  settings: z.output<z.ZodObject<typeof COST_SETTINGS>>,
  file: Pick<CostLimits, 'clients' | 'principals'>,
): CostConfig {
  const { MESH_COST_MAX: max = null, MESH_COST_LIMITS: limits } = settings;
  return Object.freeze({
    mode: settings.MESH_COST_MODE ?? (max === null && limits === undefined ? 'off' : 'enforce'),
    limits: Object.freeze({ ...file, max }),
    listSize: settings.MESH_COST_LIST_SIZE,
    countsAnswers: settings.MESH_COST_ACTUAL === 'on',
    isShown: settings.MESH_COST_SHOW === 'on',
  });
}

/** Reads the file, YAML or JSON. Puts what is wrong with it into `problems`, all at once. */
export function readCostLimits(file: string | undefined, problems: string[]): Pick<CostLimits, 'clients' | 'principals'> {
  if (file === undefined) return NO_COST_LIMITS;
  const report = (what: string): void => void problems.push(`MESH_COST_LIMITS: ${what}`);
  try {
    const parsed = File.safeParse(parseYaml(readFileSync(file, 'utf8')) ?? {});
    for (const { path, message } of parsed.error?.issues ?? []) report(`${path.join('.') || 'the file'}: ${message}`);
    if (!parsed.success) return NO_COST_LIMITS;
    const { clients, principals } = parsed.data;
    return { clients: new Map(Object.entries(clients)), principals };
  } catch (error) {
    report((error as Error).message.split('\n')[0]!);
    return NO_COST_LIMITS;
  }
}

/** What only the settings together can be blamed for. */
export function costProblems(given: Readonly<Record<string, unknown>>): string[] {
  const isWithout = !('MESH_COST_MAX' in given) && !('MESH_COST_LIMITS' in given);
  if (given['MESH_COST_MODE'] === 'enforce' && isWithout)
    return ['MESH_COST_MAX is missing: MESH_COST_MODE is enforce and nothing says what is too much'];
  return [];
}
