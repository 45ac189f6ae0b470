import { join } from 'node:path';
import { z } from 'zod';
import type { KafkaSettings } from '../../subgraphs/shared/eventlog/kafka/connectKafka.js';
import { parseEgressRules, type EgressRule } from '../../subgraphs/shared/egressRules.js';
import { packageRoot } from '../../subgraphs/shared/packageRoot.js';
import { MeshError } from '../errors.js';
import { NO_SUBGRAPHS_CONFIG, readSubgraphsConfig, type SubgraphsConfig } from './subgraphsConfig.js';
import { COST_SETTINGS, costConfigOf, costProblems, readCostLimits, type CostConfig } from './costConfig.js';
import { HTTP_SETTINGS, httpConfigOf, httpProblems, type HttpConfig } from './httpConfig.js';

/** Everything a process is told from outside. Each module gets its own part and nothing reads the environment below this. */
export interface MeshConfig {
  readonly gateway: GatewayConfig;
  readonly storage: StorageConfig;
  readonly cache: CacheConfig;
  readonly subgraphs: SubgraphsConfig;
  /** MESH_INTERNAL_KEY as bytes. Null: not set; a process that is the whole mesh makes one for itself. */
  readonly internalKey: Uint8Array | null;
  /** Where the gateway is, for those that call it: `mesh apply`, and an agents subgraph that runs alone. */
  readonly meshUrl: string;
  readonly meshToken: string | null;
  readonly outbound: OutboundConfig;
  /** Null: no traces are exported. */
  readonly telemetry: TelemetryConfig | null;
}

export interface TelemetryConfig {
  /** Base URL of an OTLP/HTTP receiver, without a slash at its end. */
  readonly endpoint: string;
  /** Null: after what runs in the process. */
  readonly serviceName: string | null;
  /** Share of traces to keep, 0 to 1, of those that no caller has decided about. */
  readonly sampleRatio: number;
}

/** For calls to agents and models. */
export interface OutboundConfig {
  /** Who may be called though the address is not public. */
  readonly egressAllow: readonly EgressRule[];
  /** Reads MESH_MODEL_KEY_… and nothing else, when it is needed: the values are nowhere in the configuration. */
  readonly modelKey: (name: string) => string | undefined;
  /** The Dapr sidecar. Null: neither DAPR_HTTP_ENDPOINT nor DAPR_HTTP_PORT is set, and agents of transport DAPR are skipped. */
  readonly dapr: DaprSettings | null;
}

export interface DaprSettings {
  readonly url: string;
  /** What the sidecar asks for. Null: nothing. */
  readonly apiToken: string | null;
  /** What an app of ours asks of its sidecar (`mesh dapr-agent`). Null: nothing. */
  readonly appToken: string | null;
}

export interface GatewayConfig {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly auth: AuthConfig;
  /**
   * What identical queries that are on the way together share: nothing, their requests to subgraphs, or their whole answers too.
   * Left out: nothing.
   */
  readonly sharing?: Sharing;
  /** The bundled GraphiQL. */
  readonly consoleFolder: string;
  /** Left out: HTTP_DEFAULTS. */
  readonly http?: HttpConfig;
  /** Left out: COST_DEFAULTS. */
  readonly cost?: CostConfig;
  /** Labels of @override(label:) that hold; those of the form `percent(n)` are decided by chance. */
  readonly overrideLabels?: readonly string[];
}

/** Where answers are kept; the URL of Redis may hold a password. */
export type CacheConfig =
  { readonly kind: 'off' } | { readonly kind: 'memory' } | { readonly kind: 'redis'; readonly url: string };

export type Sharing = 'off' | 'subgraph' | 'operation';

export interface AuthConfig {
  /** Whether dev-admin and its like are accepted. */
  readonly devTokens: boolean;
  /** Null: no JWT is accepted. */
  readonly jwt: { readonly jwksUrl: string; readonly issuer: string; readonly audience: string } | null;
}

export interface StorageConfig {
  readonly dataDir: string;
  /** Null: the embedded database in `dataDir`. */
  readonly databaseUrl: string | null;
  /** Null: the event log is in the database. */
  readonly kafka: KafkaSettings | null;
}

/** Flags of the command line; they win over the environment. */
export interface ConfigFlags {
  readonly port?: string | undefined;
  readonly host?: string | undefined;
}

const LOOPBACK = /^(localhost|::1|127(\.\d{1,3}){3})$/;

/** Settings of other versions. A mesh that ignored one would lead its operator to believe that it is obeyed. */
const UNSUPPORTED = ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'];

const webUrl = z.url({ protocol: /^https?$/, error: 'must be an http or https URL' });

const Settings = z.object({
  PORT: z.coerce
    .number({ error: 'must be a number from 0 to 65535' })
    .int('must be a whole number')
    .min(0, 'must be a number from 0 to 65535')
    .max(65_535, 'must be a number from 0 to 65535')
    .default(4000),
  HOST: z
    .string()
    .regex(/^[\w.:-]+$/, 'must be a host name or an IP address')
    .default('127.0.0.1'),
  MESH_DATA_DIR: z.string().default('.mesh'),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: 'must be a postgres:// URL' }).optional(),
  KAFKA_BROKERS: z
    .string()
    .regex(/^[\w.-]+:\d{1,5}(\s*,\s*[\w.-]+:\d{1,5})*$/, 'must be host:port, or several with commas between them')
    .transform((text) => text.split(',').map((broker) => broker.trim()))
    .optional(),
  KAFKA_PREFIX: z
    .string()
    .regex(/^[\w.-]{1,100}$/, 'may have letters, digits, ".", "_" and "-", at most 100')
    .default(''),
  KAFKA_TLS: z.enum(['0', '1'], { error: 'must be 0 or 1' }).optional(),
  KAFKA_SASL: z
    .enum(['plain', 'scram-sha-256', 'scram-sha-512'], { error: 'must be plain, scram-sha-256 or scram-sha-512' })
    .default('scram-sha-512'),
  KAFKA_USERNAME: z.string().optional(),
  KAFKA_PASSWORD: z.string().optional(),
  REDIS_URL: z.url({ protocol: /^rediss?$/, error: 'must be a redis:// or rediss:// URL' }).optional(),
  MESH_CACHE: z.enum(['off', 'memory', 'redis'], { error: 'must be off, memory or redis' }).optional(),
  MESH_INTERNAL_KEY: z.string().min(32, 'must have at least 32 characters; `openssl rand -hex 32` makes one').optional(),
  MESH_JWKS_URL: webUrl.optional(),
  MESH_JWT_ISSUER: z.string().optional(),
  MESH_JWT_AUDIENCE: z.string().optional(),
  MESH_DEV_TOKENS: z.enum(['0', '1'], { error: 'must be 0 or 1' }).optional(),
  ...HTTP_SETTINGS,
  ...COST_SETTINGS,
  MESH_SUBGRAPHS_CONFIG: z.string().optional(),
  MESH_SHARING: z.enum(['off', 'subgraph', 'operation'], { error: 'must be off, subgraph or operation' }).default('operation'),
  MESH_OVERRIDE_LABELS: z
    .string()
    .regex(/^[A-Za-z][\w.:/-]*(\s*,\s*[A-Za-z][\w.:/-]*)*$/, 'must be labels of @override, or several with commas between them')
    .transform((text) => text.split(',').map((label) => label.trim()))
    .default([]),
  DAPR_HTTP_ENDPOINT: webUrl.optional(),
  DAPR_HTTP_PORT: z
    .string()
    .regex(/^\d{1,5}$/, 'must be a port')
    .refine((port) => Number(port) > 0 && Number(port) <= 65_535, 'must be a port')
    .optional(),
  DAPR_API_TOKEN: z.string().optional(),
  APP_API_TOKEN: z.string().optional(),
  NODE_ENV: z.string().optional(),
  MESH_URL: webUrl.default('http://127.0.0.1:4000'),
  MESH_TOKEN: z.string().optional(),
  MESH_EGRESS_ALLOW: z
    .string()
    .refine(areEgressRules, 'must be hosts, host:port, addresses or CIDR ranges, separated by commas')
    .default(''),
  OTEL_EXPORTER_OTLP_ENDPOINT: webUrl.transform((text) => text.replace(/\/+$/, '')).optional(),
  OTEL_EXPORTER_OTLP_PROTOCOL: z
    .literal('http/json', { error: 'must be http/json, the only one supported; OTLP receivers take it on the port for HTTP' })
    .optional(),
  OTEL_SERVICE_NAME: z.string().optional(),
  OTEL_TRACES_SAMPLER: z
    .literal('parentbased_traceidratio', { error: 'must be parentbased_traceidratio, the only one supported' })
    .optional(),
  OTEL_TRACES_SAMPLER_ARG: z.coerce
    .number({ error: 'must be a number from 0 to 1' })
    .min(0, 'must be a number from 0 to 1')
    .max(1, 'must be a number from 0 to 1')
    .default(0.05),
});

/**
 * Reads the environment (a record, so that tests pass their own) and the flags. An empty value is an unset one.
 * Throws INVALID_CONFIGURATION with every problem at once, naming the variable and never its value, which may be a secret.
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>, flags: ConfigFlags = {}): MeshConfig {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  if (flags.port !== undefined) given['PORT'] = flags.port;
  if (flags.host !== undefined) given['HOST'] = flags.host;
  const parsed = Settings.safeParse(given);
  const problems = [...problemsOf(parsed.error), ...unsupported(given), ...incomplete(given)];
  const subgraphsFile = given['MESH_SUBGRAPHS_CONFIG'];
  const subgraphs = subgraphsFile === undefined ? NO_SUBGRAPHS_CONFIG : readSubgraphsConfig(subgraphsFile, env, problems);
  const costLimits = readCostLimits(given['MESH_COST_LIMITS'], problems);
  if (!parsed.success || problems.length > 0) {
    throw new MeshError('INVALID_CONFIGURATION', ['Some settings are wrong:', ...problems].join('\n  '));
  }
  const settings = parsed.data;
  return freeze({
    gateway: {
      host: settings.HOST,
      port: settings.PORT,
      sharing: settings.MESH_SHARING,
      auth: {
        devTokens: settings.NODE_ENV !== 'production' && (settings.MESH_DEV_TOKENS === '1' || isLoopback(settings.HOST)),
        jwt: settings.MESH_JWKS_URL
          ? { jwksUrl: settings.MESH_JWKS_URL, issuer: settings.MESH_JWT_ISSUER!, audience: settings.MESH_JWT_AUDIENCE! }
          : null,
      },
      consoleFolder: join(packageRoot, 'dist/console'),
      http: httpConfigOf(settings),
      cost: costConfigOf(settings, costLimits),
      overrideLabels: settings.MESH_OVERRIDE_LABELS,
    },
    storage: {
      dataDir: settings.MESH_DATA_DIR,
      databaseUrl: settings.DATABASE_URL ?? null,
      kafka: settings.KAFKA_BROKERS
        ? {
            brokers: settings.KAFKA_BROKERS,
            prefix: settings.KAFKA_PREFIX,
            tls: settings.KAFKA_TLS === '1',
            sasl: settings.KAFKA_USERNAME
              ? { mechanism: settings.KAFKA_SASL, username: settings.KAFKA_USERNAME, password: settings.KAFKA_PASSWORD! }
              : null,
          }
        : null,
    },
    cache: cacheOf(settings),
    subgraphs,
    internalKey: settings.MESH_INTERNAL_KEY === undefined ? null : new TextEncoder().encode(settings.MESH_INTERNAL_KEY),
    meshUrl: settings.MESH_URL.replace(/\/$/, ''),
    meshToken: settings.MESH_TOKEN ?? null,
    outbound: {
      egressAllow: parseEgressRules(settings.MESH_EGRESS_ALLOW),
      modelKey: (name) => (name.startsWith('MESH_MODEL_KEY_') ? env[name] : undefined),
      dapr: daprOf(settings),
    },
    telemetry: telemetryOf(settings),
  });
}

function telemetryOf(settings: z.infer<typeof Settings>): TelemetryConfig | null {
  const endpoint = settings.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (endpoint === undefined) return null;
  return { endpoint, serviceName: settings.OTEL_SERVICE_NAME ?? null, sampleRatio: settings.OTEL_TRACES_SAMPLER_ARG };
}

function cacheOf({ MESH_CACHE, REDIS_URL }: z.infer<typeof Settings>): CacheConfig {
  const kind = MESH_CACHE ?? (REDIS_URL === undefined ? 'memory' : 'redis');
  return kind === 'redis' ? { kind, url: REDIS_URL! } : { kind };
}

/** Whether only this machine can reach the host. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host.replace(/^\[(.*)\]$/, '$1'));
}

function areEgressRules(text: string): boolean {
  try {
    parseEgressRules(text);
    return true;
  } catch {
    return false;
  }
}

/** Dapr's own variables: its injector and its CLI set the port, the endpoint is for a sidecar elsewhere and wins. */
function daprOf(settings: z.output<typeof Settings>): DaprSettings | null {
  const { DAPR_HTTP_ENDPOINT: endpoint, DAPR_HTTP_PORT: port, DAPR_API_TOKEN: token } = settings;
  const url = endpoint ?? (port === undefined ? null : `http://127.0.0.1:${port}`);
  return url === null ? null : { url, apiToken: token ?? null, appToken: settings.APP_API_TOKEN ?? null };
}

function problemsOf(error: z.ZodError | undefined): string[] {
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')} ${message}`);
}

function unsupported(given: Record<string, unknown>): string[] {
  return UNSUPPORTED.filter((name) => name in given).map((name) => `${name} is not supported in this version; unset it`);
}

function incomplete(given: Record<string, unknown>): string[] {
  const names = ['MESH_JWKS_URL', 'MESH_JWT_ISSUER', 'MESH_JWT_AUDIENCE'];
  const missing = names.filter((name) => !(name in given));
  const problems =
    missing.length === names.length ? [] : missing.map((name) => `${name} is missing: the three JWT settings go together`);
  for (const [one, other] of [
    ['KAFKA_USERNAME', 'KAFKA_PASSWORD'],
    ['KAFKA_PASSWORD', 'KAFKA_USERNAME'],
  ] as const)
    if (one in given && !(other in given)) problems.push(`${other} is missing: KAFKA_USERNAME and KAFKA_PASSWORD go together`);
  if (given['MESH_DEV_TOKENS'] === '1' && given['NODE_ENV'] === 'production') {
    problems.push('MESH_DEV_TOKENS is 1, but development tokens are never accepted with NODE_ENV=production; unset one');
  }
  problems.push(...httpProblems(given), ...costProblems(given));
  if (given['MESH_CACHE'] === 'redis' && !('REDIS_URL' in given))
    problems.push('REDIS_URL is missing: MESH_CACHE is redis and does not say where one is');
  return problems;
}

function freeze(config: MeshConfig): MeshConfig {
  Object.freeze(config.gateway.auth);
  Object.freeze(config.gateway);
  Object.freeze(config.storage.kafka);
  Object.freeze(config.storage);
  Object.freeze(config.cache);
  Object.freeze(config.outbound);
  Object.freeze(config.telemetry);
  return Object.freeze(config);
}
