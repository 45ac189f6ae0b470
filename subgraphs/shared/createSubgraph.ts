import { SpanKind } from '@opentelemetry/api';
import { buildSubgraphSchema } from '@apollo/subgraph';
import type { GraphQLResolverMap } from '@apollo/subgraph/dist/schema-helper/resolverMap.js';
import {
  execute,
  GraphQLError,
  Kind,
  OperationTypeNode,
  parse,
  validate,
  visit,
  type DocumentNode,
  type ExecutionResult,
  type GraphQLSchema,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import { MeshError } from './errors.js';
import { loadSubgraphSdl } from './loadSdl.js';
import { migrate } from './migrate.js';
import { createOutbox, startOutboxRelay } from './outbox.js';
import type { RequestContext } from './requestContext.js';
import { refuseUnstorable } from './storableText.js';
import { scalars } from './scalars.js';
import { traceIdOf } from './telemetry/traceparent.js';
import { withSpan } from './telemetry/withSpan.js';
import type { Subgraph, SubgraphDefinition, SubgraphRequest, SubgraphResources } from './Subgraph.js';

const CACHED_OPERATIONS = 500;

/**
 * Brings one subgraph up: migrations, schema, outbox relay, consumers and workers.
 * `settled` resolves when every event caused so far has been handled by this subgraph's own consumers.
 */
export async function createSubgraph(
  definition: SubgraphDefinition,
  given: Omit<SubgraphResources, 'wakeRelay'>,
): Promise<Subgraph & { settled(): Promise<void> }> {
  const { name } = definition;
  const { database, eventLog, log } = given;
  await migrate(database, name, definition.migrations);
  await createOutbox(database, name);
  const relay = startOutboxRelay({ database, subgraph: name, eventLog, log });
  const resources: SubgraphResources = { ...given, wakeRelay: relay.wake };
  const workers = (await definition.start?.(resources)) ?? [];

  const resolvers = { ...scalars, ...definition.resolvers } as GraphQLResolverMap<unknown>;
  const schema = buildSubgraphSchema({ typeDefs: loadSubgraphSdl(name), resolvers });
  const documents = new LRUCache<string, DocumentNode | readonly GraphQLError[]>({ max: CACHED_OPERATIONS });
  const attributes = { 'mesh.subgraph': name };
  let running = 0;
  let closing = false;
  let allDone: () => void = () => undefined;

  const answer = async (request: SubgraphRequest, context: RequestContext): Promise<ExecutionResult> => {
    try {
      const result = await run(schema, documents, request, context, definition.createContext(context, resources));
      return withSafeErrors(result, context, resources);
    } catch (error) {
      return withSafeErrors(refusal(error as Error), context, resources);
    }
  };

  return {
    name,
    schema,
    execute: async (request, context) => {
      if (closing) return refusal(new MeshError('TOO_BUSY', `The subgraph ${name} is shutting down.`));
      running++;
      try {
        return await withSpan(name, { kind: SpanKind.SERVER, from: context.traceparent, attributes }, async (span) => {
          const result = await answer(request, context);
          const [error] = result.errors ?? [];
          if (error) span.failed(String(error.extensions['code'] ?? 'GRAPHQL_VALIDATION_FAILED'));
          return result;
        });
      } finally {
        running--;
        if (running === 0) allDone();
      }
    },
    settled: async () => {
      await relay.settled();
      for (const worker of workers) await worker.settled?.();
      await relay.settled();
    },
    close: async () => {
      closing = true;
      const drained = new Promise<void>((resolve) => {
        allDone = resolve;
      });
      if (running > 0) await drained;
      for (const worker of workers.toReversed()) await worker.stop();
      await relay.stop();
    },
  };
}

async function run(
  schema: GraphQLSchema,
  documents: LRUCache<string, DocumentNode | readonly GraphQLError[]>,
  request: SubgraphRequest,
  context: RequestContext,
  contextValue: object,
): Promise<ExecutionResult> {
  let document = documents.get(request.query);
  if (!document) {
    document = parseAndValidate(schema, request.query);
    documents.set(request.query, document);
  }
  if ('length' in document) return { errors: document };
  requireInternalScope(document, context);
  if (!isInternal(context)) refuseUnstorable(request.variables, 'An argument');
  return execute({
    schema,
    document,
    contextValue,
    ...(request.variables === undefined ? {} : { variableValues: request.variables }),
    ...(request.operationName === undefined ? {} : { operationName: request.operationName }),
  });
}

function parseAndValidate(schema: GraphQLSchema, query: string): DocumentNode | readonly GraphQLError[] {
  try {
    // Literals are part of the text, where NUL and half a surrogate pair can only be written as escapes.
    if (/\\u(?:0000|[dD][89a-fA-F])/.test(query)) refuseUnstorable(literalsOf(query), 'A literal');
    const document = parse(query);
    const errors = validate(schema, document);
    return errors.length > 0 ? errors : document;
  } catch (error) {
    return [
      error instanceof GraphQLError ? error : new GraphQLError((error as Error).message, { originalError: error as Error }),
    ];
  }
}

function literalsOf(query: string): string[] {
  const literals: string[] = [];
  visit(parse(query), { StringValue: ({ value }) => void literals.push(value) });
  return literals;
}

/** Root fields that begin with one underscore are for the gateway itself; it never passes a client's wish for one on. */
function requireInternalScope(document: DocumentNode, context: RequestContext): void {
  if (isInternal(context)) return;
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION || definition.operation === OperationTypeNode.SUBSCRIPTION) continue;
    for (const selection of definition.selectionSet.selections) {
      const field = selection.kind === Kind.FIELD ? selection.name.value : '_';
      if (field.startsWith('_') && !field.startsWith('__') && field !== '_entities') {
        throw new MeshError('FORBIDDEN', `${field === '_' ? 'A fragment at the root' : field} is for the gateway itself.`);
      }
    }
  }
}

function isInternal({ principal }: RequestContext): boolean {
  return principal.scopes.includes('mesh.internal');
}

function refusal(error: Error): ExecutionResult {
  return {
    data: null,
    errors: [error instanceof GraphQLError ? error : new GraphQLError(error.message, { originalError: error })],
  };
}

/** What is not a MeshError is a bug or broken infrastructure: the log gets the cause, the caller only where to look for it. */
function withSafeErrors(result: ExecutionResult, context: RequestContext, { log }: SubgraphResources): ExecutionResult {
  if (!result.errors) return result;
  const errors = result.errors.map((error) => {
    const { originalError } = error;
    if (!originalError || originalError instanceof MeshError || originalError instanceof GraphQLError) return error;
    const traceId = traceIdOf(context.traceparent);
    log.error({ err: originalError, path: error.path, operationId: context.operationId, traceId }, 'a resolver failed');
    return new GraphQLError('Internal error', {
      nodes: error.nodes ?? null,
      path: error.path ?? null,
      extensions: { code: 'INTERNAL_SERVER_ERROR', operationId: context.operationId },
    });
  });
  return { ...result, errors };
}
