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
import type { PrintedResult } from '../execution/Outcome.js';
import { isIncremental, type SubsequentResult } from '../execution/Outcome.js';
import { type Operations } from '../pipeline/Operations.js';
import { formatError, toClientError } from './clientError.js';

/** Apollo Server's context of one operation. */
export interface CallHolder {
  readonly call: Call;
  readonly acceptsIncremental: boolean;
  /** Apollo Server takes no more than one result of its gateway, so what follows goes past it. */
  readonly parts: { rest: AsyncIterator<SubsequentResult> | null };
}

/**
 * Apollo Server as a library: validation, its errors and its text, and the landing page with Sandbox. It
 * reports to nobody, whatever APOLLO_ variables say, and leaves signals alone. Our pipeline is its gateway. What HTTP asks for beyond
 * that (types, statuses, other sites, batches, known documents, parts) is seen to in front of it.
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
    // What comes here is not valid or its variables do not fit: nothing worth keeping.
    documentStore: null,
    allowBatchedHttpRequests: false,
    csrfPrevention: false,
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
        const { call, acceptsIncremental, parts } = context as CallHolder;
        try {
          const { operationName, variables = {} } = request;
          const answer = await operations.execute({ schema, document, operationName, variables, acceptsIncremental }, call);
          if (!isIncremental(answer)) return toResult(answer);
          parts.rest = answer.subsequentResults;
          return toResult(answer.initialResult);
        } catch (error) {
          throw toClientError(error, call.traceId, log);
        }
      },
    }),
    stop: async () => undefined,
  };
}

/** An answer that is text already, on its way through Apollo Server. */
class Printed {
  readonly text: string;

  constructor({ bytes }: PrintedResult) {
    this.text = bytes.toString('utf8');
  }
}

function toResult(answer: PrintedResult): ExecutionResult {
  return { data: new Printed(answer) as unknown as ExecutionResult['data'] & object };
}

function printResult({ data, ...rest }: FormattedExecutionResult): string {
  if ((data as unknown) instanceof Printed) return (data as unknown as Printed).text;
  return JSON.stringify(data === undefined ? rest : { ...rest, data });
}
