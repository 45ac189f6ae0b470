import type { ExecutionResult, GraphQLSchema } from 'graphql';
import { describeSpan } from '../../subgraphs/shared/telemetry/withSpan.js';
import { LIMITS } from '../config/limits.js';
import { MeshError } from '../errors.js';
import type { OperationResult } from '../execution/executeOperation.js';
import { findOperation } from '../planner/rootFields.js';
import { fromFormatted } from '../transport/clientError.js';
import { openSubscription } from './handleEvent.js';
import { handleOperation } from './handleOperation.js';
import type { Operation, Operations } from './Operations.js';
import type { Serving } from './Serving.js';

export interface ReloadableOperations extends Operations {
  /** From now on operations are answered by this. Those validated against an earlier schema still go to the earlier one. */
  serve(serving: Serving): void;
  serving(): Serving;
  /** Operations that are running, subscriptions not among them. */
  running(): number;
}

export function createOperations(first: Serving): ReloadableOperations {
  const bySchema = new WeakMap<GraphQLSchema, Serving>();
  const listeners = new Set<(schema: GraphQLSchema, sdl: string) => void>();
  let current = first;
  let running = 0;
  let subscriptions = 0;
  bySchema.set(first.supergraph.apiSchema, first);
  const servingOf = ({ schema }: Operation): Serving => bySchema.get(schema) ?? current;

  return {
    schema: () => current.supergraph.apiSchema,
    onSchema: (listener) => {
      listeners.add(listener);
      listener(current.supergraph.apiSchema, current.supergraph.sdl);
      return () => listeners.delete(listener);
    },
    serve: (serving) => {
      current = serving;
      bySchema.set(serving.supergraph.apiSchema, serving);
      for (const listener of listeners) listener(serving.supergraph.apiSchema, serving.supergraph.sdl);
    },
    serving: () => current,
    running: () => running,
    execute: async (operation, call) => {
      running++;
      describe(operation);
      try {
        return toExecutionResult(await handleOperation(servingOf(operation), operation, call));
      } finally {
        running--;
      }
    },
    subscribe: async (operation, call) => {
      if (subscriptions >= LIMITS.subscriptions)
        throw new MeshError(
          'TOO_MANY_SUBSCRIPTIONS',
          `The gateway has ${LIMITS.subscriptions} subscriptions open. Try again later.`,
        );
      subscriptions++;
      describe(operation);
      const left = (): void => void subscriptions--;
      try {
        return mapStream(await openSubscription(servingOf(operation), operation, call, left), toExecutionResult);
      } catch (error) {
        left();
        throw error;
      }
    },
  };
}

/** The span that the transport has opened: named by the kind, as OpenTelemetry asks, since callers choose the operation's own name. */
function describe({ document, operationName }: Operation): void {
  const { operation: kind, name } = findOperation(document, operationName);
  describeSpan({ 'graphql.operation.type': kind, ...(name && { 'graphql.operation.name': name.value }) }, kind);
}

function toExecutionResult({ data, errors }: OperationResult): ExecutionResult {
  return errors ? { data, errors: errors.map(fromFormatted) } : { data };
}

function mapStream<From, To>(stream: AsyncIterableIterator<From>, map: (value: From) => To): AsyncIterableIterator<To> {
  const mapped: AsyncIterableIterator<To> = {
    next: async () => {
      const result = await stream.next();
      return result.done ? { value: undefined, done: true } : { value: map(result.value), done: false };
    },
    return: async () => {
      await stream.return?.();
      return { value: undefined, done: true };
    },
    [Symbol.asyncIterator]: () => mapped,
  };
  return mapped;
}
