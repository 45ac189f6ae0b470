import { ApolloGateway } from '@apollo/gateway';
import { parse } from 'graphql';
import type { BuiltGraph } from './buildCase.js';
import type { Answer } from './compareAnswers.js';
import type { FederationCase } from './FederationCase.js';

/**
 * The second oracle. Null where ApolloGateway does not serve the supergraph or fails on the operation: it refuses every feature that is
 * for security or needs the router.
 */
export async function runApollo(
  { supergraphSdl, apiSchema, sources }: BuiltGraph,
  { operation, variables, down }: Pick<FederationCase, 'operation' | 'variables' | 'down'>,
): Promise<Answer | null> {
  const inProcess = sources(down);
  const gateway = new ApolloGateway({
    supergraphSdl,
    logger: SILENT,
    buildService: ({ name }) => ({
      process: async ({ request: { query, variables: given } }) => (await inProcess.get(name)!(query!, given ?? {})) as never,
    }),
  });
  try {
    const { executor } = await gateway.load();
    const document = parse(operation);
    const result = await executor({
      document,
      request: { query: operation, variables: variables ?? {} },
      overallCachePolicy: null,
      queryHash: operation,
      context: {},
      cache: null,
      schema: apiSchema,
      logger: SILENT,
      metrics: {},
    } as never);
    return result as Answer;
  } catch {
    return null;
  } finally {
    await gateway.stop().catch(() => undefined);
  }
}

const ignore = (): void => undefined;
const SILENT = { debug: ignore, info: ignore, warn: ignore, error: ignore };
