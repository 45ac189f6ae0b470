import { describe, expect, it } from 'vitest';
import { HTTP_DEFAULTS } from '../../../gateway/config/httpConfig.js';
import { readConfig } from '../../../gateway/config/readConfig.js';

const jwt = { MESH_JWKS_URL: 'https://id.example/jwks', MESH_JWT_ISSUER: 'https://id.example', MESH_JWT_AUDIENCE: 'mesh' };

describe('readConfig', () => {
  it('has defaults for everything', () => {
    const config = readConfig({});
    expect(config).toMatchObject({
      gateway: { host: '127.0.0.1', port: 4000, auth: { devTokens: true, jwt: null } },
      storage: { dataDir: '.mesh', databaseUrl: null, kafka: null },
      cache: { kind: 'memory' },
      internalKey: null,
      meshUrl: 'http://127.0.0.1:4000',
      telemetry: null,
    });
    expect(Object.isFrozen(config.gateway.auth)).toBe(true);
  });

  it('lets flags win over the environment, and takes an empty variable for an unset one', () => {
    const config = readConfig({ PORT: '5000', HOST: '', MESH_DATA_DIR: '/data' }, { port: '0' });
    expect(config.gateway).toMatchObject({ port: 0, host: '127.0.0.1' });
    expect(config.storage.dataDir).toBe('/data');
  });

  it.each([
    ['on loopback', { HOST: 'localhost' }, true],
    ['on IPv6 loopback', { HOST: '::1' }, true],
    ['on every address', { HOST: '0.0.0.0' }, false],
    ['on a name that only looks like loopback', { HOST: '127.0.0.1.example.com' }, false],
    ['on every address when told so', { HOST: '0.0.0.0', MESH_DEV_TOKENS: '1' }, true],
    ['in production', { NODE_ENV: 'production' }, false],
  ])('decides on development tokens: %s', (_, env, accepted) => {
    expect(readConfig(env).gateway.auth.devTokens).toBe(accepted);
  });

  it.each<[Record<string, string>, object]>([
    [{}, HTTP_DEFAULTS],
    [{ MESH_CORS_ORIGINS: '*', MESH_COMPRESSION: 'on', MESH_PERSISTED_MODE: 'off' }, HTTP_DEFAULTS],
    [
      { MESH_CORS_ORIGINS: 'https://a.example, http://b.example:8080' },
      { corsOrigins: ['https://a.example', 'http://b.example:8080'] },
    ],
    [
      { MESH_BATCH_LIMIT: '0', MESH_COMPRESSION: 'off' },
      { batchLimit: 0, compression: false },
    ],
    [{ MESH_PERSISTED_MANIFEST: 'm.json' }, { persisted: { automatic: true, manifestFile: 'm.json', mode: 'allow-ids' } }],
    [
      { MESH_PERSISTED_MANIFEST: 'm.json', MESH_PERSISTED_MODE: 'only-safelisted', MESH_PERSISTED_AUTOMATIC: 'off' },
      { persisted: { automatic: false, manifestFile: 'm.json', mode: 'only-safelisted' } },
    ],
  ])('reads how HTTP is spoken: %j', (env, http) => {
    expect(readConfig(env).gateway.http).toMatchObject(http);
  });

  it.each([
    [{ MESH_CORS_ORIGINS: 'https://a.example/' }, 'MESH_CORS_ORIGINS'],
    [{ MESH_CORS_ORIGINS: '*, https://a.example' }, 'MESH_CORS_ORIGINS'],
    [{ MESH_BATCH_LIMIT: '1000' }, 'MESH_BATCH_LIMIT'],
    [{ MESH_COMPRESSION: 'zip' }, 'MESH_COMPRESSION'],
    [{ MESH_PERSISTED_MODE: 'some' }, 'MESH_PERSISTED_MODE'],
    [{ MESH_PERSISTED_MODE: 'only-safelisted' }, 'MESH_PERSISTED_MANIFEST'],
    [{ MESH_PERSISTED_AUTOMATIC: '1' }, 'MESH_PERSISTED_AUTOMATIC'],
  ])('refuses %j', (env, name) => {
    expect(() => readConfig(env)).toThrow(name);
  });

  it('reports every problem at once by name, and no value', () => {
    const env = {
      PORT: 'eighty',
      MESH_INTERNAL_KEY: 'hunter2',
      DATABASE_URL: 'mysql://root:hunter2@db',
      MESH_JWKS_URL: 'not a url',
      KAFKA_BROKERS: 'kafka-without-port',
      KAFKA_USERNAME: 'hunter3',
      MESH_DEV_TOKENS: 'yes',
    };
    let message = '';
    try {
      readConfig(env);
    } catch (error) {
      expect(error).toMatchObject({ code: 'INVALID_CONFIGURATION' });
      message = (error as Error).message;
    }
    for (const name of [...Object.keys(env), 'MESH_JWT_ISSUER', 'MESH_JWT_AUDIENCE', 'KAFKA_PASSWORD'])
      expect(message).toContain(name);
    for (const value of ['eighty', 'hunter2', 'kafka-without-port', 'hunter3', 'not a url']) expect(message).not.toContain(value);
  });

  it.each([
    [{}, null],
    [{ DAPR_HTTP_PORT: '3500' }, { url: 'http://127.0.0.1:3500', apiToken: null, appToken: null }],
    [
      { DAPR_HTTP_ENDPOINT: 'https://dapr.example', DAPR_HTTP_PORT: '3500', DAPR_API_TOKEN: 'a', APP_API_TOKEN: 'b' },
      { url: 'https://dapr.example', apiToken: 'a', appToken: 'b' },
    ],
  ])('has a Dapr sidecar when it is told of one: %j', (env, dapr) => {
    expect(readConfig(env).outbound.dapr).toEqual(dapr);
  });

  it.each([
    ['a Dapr port that is none', { DAPR_HTTP_PORT: '99999' }],
    ['a port out of range', { PORT: '70000' }],
    ['a port with a fraction', { PORT: '80.5' }],
    ['half of the JWT settings', { MESH_JWKS_URL: jwt.MESH_JWKS_URL }],
    ['development tokens in production', { NODE_ENV: 'production', MESH_DEV_TOKENS: '1' }],
    ['a Redis that is none', { REDIS_URL: 'http://localhost' }],
    ['a cache in a Redis that is nowhere', { MESH_CACHE: 'redis' }],
    ['an unknown cache', { MESH_CACHE: 'disk' }],
    ['a share of traces over 1', { OTEL_TRACES_SAMPLER_ARG: '5' }],
    ['another protocol for traces', { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }],
    ['another sampler', { OTEL_TRACES_SAMPLER: 'always_on' }],
  ])('refuses %s', (_, env) => {
    expect(() => readConfig(env)).toThrow(expect.objectContaining({ code: 'INVALID_CONFIGURATION' }));
  });

  it('takes brokers with commas between them, and a login only whole', () => {
    const env = { KAFKA_BROKERS: 'one:9092, two.example:9093', KAFKA_TLS: '1', KAFKA_USERNAME: 'mesh', KAFKA_PASSWORD: 'secret' };
    expect(readConfig(env).storage.kafka).toEqual({
      brokers: ['one:9092', 'two.example:9093'],
      prefix: '',
      tls: true,
      sasl: { mechanism: 'scram-sha-512', username: 'mesh', password: 'secret' },
    });
    expect(readConfig({ KAFKA_BROKERS: 'one:9092', KAFKA_PREFIX: 'a.' }).storage.kafka).toMatchObject({
      prefix: 'a.',
      sasl: null,
    });
  });

  it.each([
    ['in memory', {}, { kind: 'memory' }],
    [
      'in Redis when there is one',
      { REDIS_URL: 'rediss://u:p@cache:6380/1' },
      { kind: 'redis', url: 'rediss://u:p@cache:6380/1' },
    ],
    ['in memory when told so', { REDIS_URL: 'redis://cache', MESH_CACHE: 'memory' }, { kind: 'memory' }],
    ['nowhere when told so', { REDIS_URL: 'redis://cache', MESH_CACHE: 'off' }, { kind: 'off' }],
  ])('caches %s', (_, env, cache) => {
    expect(readConfig(env).cache).toEqual(cache);
  });

  it('says who may be called, and reads the keys of models, of which it holds none', () => {
    const env = {
      MESH_EGRESS_ALLOW: 'ollama.internal:11434, 10.0.0.0/8',
      MESH_MODEL_KEY_X: 'hunter2',
      DATABASE_URL: 'postgres://x',
    };
    const config = readConfig(env);
    expect(config.outbound.egressAllow).toHaveLength(2);
    expect(config.outbound.modelKey('MESH_MODEL_KEY_X')).toBe('hunter2');
    expect(config.outbound.modelKey('DATABASE_URL')).toBeUndefined();
    expect(JSON.stringify(config)).not.toContain('hunter2');
    expect(() => readConfig({ MESH_EGRESS_ALLOW: 'http://ollama' })).toThrow(/MESH_EGRESS_ALLOW must be hosts/);
  });

  it('exports 5 % of traces when it knows where to, unless told otherwise', () => {
    const endpoint = 'http://collector:4318';
    expect(readConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: `${endpoint}/` }).telemetry).toEqual({
      endpoint,
      serviceName: null,
      sampleRatio: 0.05,
    });
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_SERVICE_NAME: 'mesh', OTEL_TRACES_SAMPLER_ARG: '1' };
    expect(readConfig(env).telemetry).toEqual({ endpoint, serviceName: 'mesh', sampleRatio: 1 });
    expect(readConfig({ OTEL_TRACES_SAMPLER_ARG: '1' }).telemetry).toBeNull();
  });

  it('takes the three JWT settings together', () => {
    expect(readConfig(jwt).gateway.auth.jwt).toEqual({
      jwksUrl: 'https://id.example/jwks',
      issuer: 'https://id.example',
      audience: 'mesh',
    });
  });
});

it('reads the labels of overrides that hold', () => {
  expect(readConfig({}).gateway.overrideLabels).toEqual([]);
  expect(readConfig({ MESH_OVERRIDE_LABELS: 'a.b:c, percent-ish' }).gateway.overrideLabels).toEqual(['a.b:c', 'percent-ish']);
  for (const wrong of ['percent(5)', 'a,,b', '1st', 'a b'])
    expect(() => readConfig({ MESH_OVERRIDE_LABELS: wrong })).toThrow(/MESH_OVERRIDE_LABELS must be labels/);
});
