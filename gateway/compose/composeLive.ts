import { readFile } from 'node:fs/promises';
import { IntrospectAndCompose, type GraphQLDataSource } from '@apollo/gateway';
import { print } from 'graphql';
import type { Logger } from 'pino';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { loadSubgraphSdl } from '../../subgraphs/shared/loadSdl.js';
import { SUBGRAPH_NAMES } from '../../subgraphs/shared/names.js';
import { GATEWAY_PRINCIPAL } from '../../subgraphs/shared/principal.js';
import { CONTEXT_HEADER, signContext } from '../../subgraphs/shared/requestContext.js';
import { MeshError } from '../errors.js';
import { httpClient } from '../fetch/httpClient.js';
import type { SubgraphClient } from '../fetch/SubgraphClient.js';

const ComposeFile = z.object({
  subgraphs: z.array(z.object({ name: z.string().regex(/^[A-Za-z_][\w-]*$/), url: z.url({ protocol: /^https?$/ }) })).min(1),
});

const POLL_MS = 10_000;
const FETCH_MS = 10_000;

interface Options {
  readonly internalKey: Uint8Array | null;
  readonly clock: () => number;
  readonly log: Logger;
  readonly onChange: (sdl: string) => void;
}

/**
 * Composes a supergraph from the SDL that live subgraphs give, and looks again every 10 s. Where the five subgraphs of the mesh are
 * among them, their calls are signed and events.graphql is added. Throws COMPOSITION_FAILED, INVALID_CONFIGURATION.
 */
export async function composeLive(file: string, options: Options): Promise<{ sdl: string; close(): Promise<void> }> {
  const { log, onChange } = options;
  const subgraphs = await readComposeFile(file);
  const isMesh = SUBGRAPH_NAMES.every((name) => subgraphs.some((subgraph) => subgraph.name === name));
  const clients = new Map(subgraphs.map(({ name, url }) => [name, clientOf(name, url, isMesh, options)]));
  // Nothing is ever sent to the address of the events: they come from the event log.
  const events = isMesh ? [{ name: 'events', url: 'events:' }] : [];
  const manager = new IntrospectAndCompose({
    subgraphs: [...subgraphs, ...events],
    pollIntervalInMs: POLL_MS,
    logger: {
      debug: () => undefined,
      info: () => undefined,
      warn: (message?: string) => log.warn(message),
      error: (message?: string) => log.error(message),
    },
  });
  const { supergraphSdl, cleanup } = await manager
    .initialize({
      update: onChange,
      healthCheck: async () => undefined,
      getDataSource: ({ name }) => dataSource(name === 'events' && isMesh ? null : clients.get(name)!, options.clock),
    })
    .catch(async (cause: unknown) => {
      await Promise.all([...clients.values()].map((client) => client.close()));
      throw new MeshError('COMPOSITION_FAILED', `The subgraphs of ${file} do not compose: ${(cause as Error).message}`, {
        cause,
      });
    });
  return {
    sdl: supergraphSdl,
    close: async () => {
      await cleanup?.();
      await Promise.all([...clients.values()].map((client) => client.close()));
    },
  };
}

async function readComposeFile(file: string): Promise<{ name: string; url: string }[]> {
  try {
    return ComposeFile.parse(parseYaml(await readFile(file, 'utf8'))).subgraphs;
  } catch (cause) {
    const why =
      cause instanceof z.ZodError
        ? cause.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')
        : (cause as Error).message;
    throw new MeshError('INVALID_CONFIGURATION', `${file} cannot be used: ${why}. Write \`subgraphs: [{ name: …, url: … }]\`.`, {
      cause,
    });
  }
}

function clientOf(name: string, url: string, isMesh: boolean, { internalKey, clock }: Options): SubgraphClient {
  if (!isMesh || !internalKey || !(SUBGRAPH_NAMES as readonly string[]).includes(name)) return httpClient({ name, url, clock });
  return httpClient({
    name,
    url,
    clock,
    sign: async (body, { request }) => ({ [CONTEXT_HEADER]: await signContext(request, name, body, internalKey, clock()) }),
  });
}

/** Null: the SDL that is composed here and run by nobody. */
function dataSource(client: SubgraphClient | null, clock: () => number): GraphQLDataSource {
  return {
    process: async ({ request }) => {
      if (!client) return { data: { _service: { sdl: print(loadSubgraphSdl('events')) } } };
      const context = { principal: GATEWAY_PRINCIPAL, operationId: 'compose', deadlineAt: clock() + FETCH_MS };
      const { data, errors } = await client.request(
        { operation: { query: request.query!, kind: 'query' }, variables: '{}' },
        { request: context, signal: AbortSignal.timeout(FETCH_MS) },
      );
      if (data) return { data };
      throw new Error(errors?.[0]?.message ?? 'it gave no SDL');
    },
  };
}
