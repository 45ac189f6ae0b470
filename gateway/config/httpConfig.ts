import { z } from 'zod';

/** How the gateway speaks to clients. */
export interface HttpConfig {
  /** Pages of which origins may ask. Null: all, but see `createOriginCheck`. */
  readonly corsOrigins: readonly string[] | null;
  /** Operations that one request may hold in a list. 0: lists are refused. */
  readonly batchLimit: number;
  readonly compression: boolean;
  readonly persisted: PersistedConfig;
}

export interface PersistedConfig {
  /** Whether clients may leave texts here and name them by their hash (Apollo's automatic persisted queries). */
  readonly automatic: boolean;
  /** Null: there is none. */
  readonly manifestFile: string | null;
  /** `allow-ids`: operations of the manifest may be named by their ids. `only-safelisted`: no others are answered. */
  readonly mode: 'off' | 'allow-ids' | 'only-safelisted';
}

export const HTTP_DEFAULTS: HttpConfig = {
  corsOrigins: null,
  batchLimit: 10,
  compression: true,
  persisted: { automatic: true, manifestFile: null, mode: 'off' },
};

/** An origin as browsers send it: without a path, a user or a slash at its end. */
const ORIGIN = /^https?:\/\/[^\s/?#@,]+$/;

export const HTTP_SETTINGS = {
  MESH_CORS_ORIGINS: z
    .string()
    .transform((text) => text.split(',').map((origin) => origin.trim()))
    .refine((origins) => origins.every((origin) => ORIGIN.test(origin) || (origin === '*' && origins.length === 1)), {
      error: 'must be "*", or origins like https://app.example.com, separated by commas',
    })
    .optional(),
  MESH_BATCH_LIMIT: z.coerce
    .number({ error: 'must be a number from 0 to 100' })
    .int('must be a whole number')
    .min(0, 'must be a number from 0 to 100')
    .max(100, 'must be a number from 0 to 100')
    .default(HTTP_DEFAULTS.batchLimit),
  MESH_COMPRESSION: z.enum(['on', 'off'], { error: 'must be on or off' }).default('on'),
  MESH_PERSISTED_AUTOMATIC: z.enum(['on', 'off'], { error: 'must be on or off' }).default('on'),
  MESH_PERSISTED_MANIFEST: z.string().optional(),
  MESH_PERSISTED_MODE: z
    .enum(['off', 'allow-ids', 'only-safelisted'], { error: 'must be off, allow-ids or only-safelisted' })
    .optional(),
};

export function httpConfigOf(settings: z.output<z.ZodObject<typeof HTTP_SETTINGS>>): HttpConfig {
  const { MESH_CORS_ORIGINS: origins, MESH_PERSISTED_MANIFEST: manifest, MESH_PERSISTED_MODE: mode } = settings;
  return Object.freeze({
    corsOrigins: origins === undefined || origins[0] === '*' ? null : Object.freeze(origins),
    batchLimit: settings.MESH_BATCH_LIMIT,
    compression: settings.MESH_COMPRESSION === 'on',
    persisted: Object.freeze({
      automatic: settings.MESH_PERSISTED_AUTOMATIC === 'on',
      manifestFile: manifest ?? null,
      mode: mode ?? (manifest === undefined ? 'off' : 'allow-ids'),
    }),
  });
}

/** What only the settings together can be blamed for. */
export function httpProblems(given: Readonly<Record<string, unknown>>): string[] {
  const mode = given['MESH_PERSISTED_MODE'];
  if (mode === undefined || mode === 'off' || 'MESH_PERSISTED_MANIFEST' in given) return [];
  return [`MESH_PERSISTED_MANIFEST is missing: MESH_PERSISTED_MODE is ${String(mode)} and does not say which operations`];
}
