import { Kafka, logLevel } from 'kafkajs';
import type { Logger } from 'pino';

/** How Kafka is reached. */
export interface KafkaSettings {
  /** `host:port` each. */
  readonly brokers: readonly string[];
  /** Put before the name of every topic and group, so that several meshes can share one Kafka. */
  readonly prefix: string;
  /** TLS with the certificate authorities that Node trusts (NODE_EXTRA_CA_CERTS adds one). */
  readonly tls: boolean;
  readonly sasl: KafkaSasl | null;
}

export interface KafkaSasl {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  readonly username: string;
  readonly password: string;
}

/** Milliseconds. A broker that is gone must be noticed well before the gateway's snapshot is too old to serve (30 s). */
const CONNECTION_TIMEOUT_MS = 3_000;
const REQUEST_TIMEOUT_MS = 10_000;

/**
 * kafkajs, told to give up soon: whoever calls it here tries again by itself, and knows what to do about it.
 * It has not been released since 2023 but speaks protocol versions that Kafka 4 kept (KIP-896). Nothing outside this folder knows of it.
 */
export function connectKafka({ brokers, tls, sasl }: KafkaSettings, log: Logger): Kafka {
  return new Kafka({
    clientId: 'agent-mesh',
    brokers: [...brokers],
    ssl: tls,
    ...(sasl && { sasl: saslOf(sasl) }),
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 3 },
    logLevel: logLevel.WARN,
    // Every failure reaches one of this folder's callers, which log it once; the library would log each of its own tries.
    logCreator:
      () =>
      ({ namespace, log: { message } }) =>
        log.debug({ kafkajs: namespace }, message),
  });
}

function saslOf({ mechanism, username, password }: KafkaSasl) {
  // Its types want each mechanism as a literal.
  switch (mechanism) {
    case 'plain':
      return { mechanism, username, password } as const;
    case 'scram-sha-256':
      return { mechanism, username, password } as const;
    case 'scram-sha-512':
      return { mechanism, username, password } as const;
  }
}
