import { ApolloServer, type ApolloServerOptionsWithGateway } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import { ApolloServerPluginLandingPageLocalDefault } from '@apollo/server/plugin/landingPage/default';

import type { ExecutionResult, FormattedExecutionResult } from 'graphql';
import type { Logger } from 'pino';
import type { Call } from '../context/createCall.js';
import type { Operations } from '../pipeline/Operations.js';
import { formatError, fromFormatted, toClientError } from './clientError.js';
import type { PrintedResult } from '../execution/Outcome.js';

export interface CallHolder {
  readonly call: Call;
}

/**
 * Apollo Server as a library: HTTP semantics, validation with its cache of documents, and the landing page with Sandbox. It reports to
 * nobody, whatever APOLLO_ variables say, and leaves signals alone. Our pipeline is its gateway.
 */
export async function createApollo(operations: Operations, log: Logger): Promise<ApolloServer<CallHolder>> {
  const quiet = (): void => undefined;
  const server = new ApolloServer<CallHolder>({
    gateway: asGateway(operations, log),
    formatError: formatError(log),
    stringifyResult: printResult,
    introspection: true,
    includeStacktraceInErrorResponses: false,
    persistedQueries: false,
    allowBatchedHttpRequests: false,
    csrfPrevention: true,
    stopOnTerminationSignals: false,
    logger: { debug: quiet, info: quiet, warn: (text) => log.warn(text), error: (text) => log.error(text) },
    plugins: [
      ApolloServerPluginLandingPageLocalDefault({ embed: true, footer: false }),
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
    ],
  });
  await server.start();
  return server;
}

function asGateway(operations: Operations, log: Logger): ApolloServerOptionsWithGateway<CallHolder>['gateway'] {
  return {
    onSchemaLoadOrUpdate: (callback) =>
      operations.onSchema((apiSchema, coreSupergraphSdl) => callback({ apiSchema, coreSupergraphSdl })),
    load: async () => ({
      executor: async ({ request, document, schema, context }) => {
        const { call } = context as CallHolder;
        try {
          return toResult(
            await operations.execute(
              { schema, document, operationName: request.operationName, variables: request.variables ?? {} },
              call,
            ),
          );
        } catch (error) {
          throw toClientError(error, call.traceId, log);
        }
      },
    }),
    stop: async () => undefined,
  };
}

/** Data that is text already, on its way through Apollo Server. */
class PrintedData {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

function toResult({ data, errors }: PrintedResult): ExecutionResult {
  const carried = new PrintedData(data) as unknown as ExecutionResult['data'] & object;
  return errors ? { data: carried, errors: errors.map(fromFormatted) } : { data: carried };
}

function printResult({ data, ...rest }: FormattedExecutionResult): string {
  if (!((data as unknown) instanceof PrintedData)) return JSON.stringify({ data, ...rest });
  const others = JSON.stringify(rest);
  return `{"data":${(data as unknown as PrintedData).text}${others === '{}' ? '}' : `,${others.slice(1)}`}`;
}
