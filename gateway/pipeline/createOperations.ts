import { setImmediate as letOthersRun } from 'node:timers/promises';
import type { GraphQLSchema } from 'graphql';
import { describeSpan } from '../../subgraphs/shared/telemetry/withSpan.js';
import { LIMITS } from '../config/limits.js';
import { MeshError } from '../errors.js';
import { findOperation } from '../planner/rootFields.js';
import { toExecutionResult } from '../transport/clientError.js';
import { openSubscription, type OpenSubscription } from './handleEvent.js';
import { handleOperation } from './handleOperation.js';
import type { Operation, Operations } from './Operations.js';
import { selectOperation, type SelectedOperation } from './selectOperation.js';
import type { Serving } from './Serving.js';

export interface ReloadableOperations extends Operations {
  /**
   * From now on operations are answered by this. Those validated against an earlier schema still go to the earlier one; subscriptions
   * that fit the new one move to it, and the others end with SCHEMA_CHANGED.
   */
  serve(serving: Serving): void;
  serving(): Serving;
  /** Operations that are running, subscriptions not among them. */
  running(): number;
}

/** Milliseconds for which subscriptions are moved before anybody else is let in. */
const MOVING_MS = 10;

export function createOperations(first: Serving): ReloadableOperations {
  const bySchema = new WeakMap<GraphQLSchema, Serving>();
  const listeners = new Set<(schema: GraphQLSchema, sdl: string) => void>();
  let current = first;
  let running = 0;
  let supergraphs = 0;
  let effects = 0;
  let subscriptions = 0;
  const open = new Set<OpenSubscription>();
  bySchema.set(first.supergraph.apiSchema, first);
  const moveAll = async (serving: Serving): Promise<void> => {
    let until = performance.now() + MOVING_MS;
    for (const subscription of open) {
      if (current !== serving) return;
      subscription.move(serving);
      if (performance.now() < until) continue;
      await letOthersRun();
      until = performance.now() + MOVING_MS;
    }
  };
  const moment = (): string => `${supergraphs}.${effects}`;
  const servingOf = ({ schema }: Operation): Serving => bySchema.get(schema) ?? current;

  return {
    schema: () => current.supergraph.apiSchema,
    moment,
    onSchema: (listener) => {
      listeners.add(listener);
      listener(current.supergraph.apiSchema, current.supergraph.sdl);
      return () => listeners.delete(listener);
    },
    serve: (serving) => {
      current = serving;
      supergraphs++;
      bySchema.set(serving.supergraph.apiSchema, serving);
      for (const listener of listeners) listener(serving.supergraph.apiSchema, serving.supergraph.sdl);
      void moveAll(serving);
    },
    serving: () => current,
    running: () => running,
    execute: async (given, call) => {
      running++;
      try {
        const operation = selectOperation(given);
        describe(operation);
        return await handleOperation(servingOf(given), operation, call, { moment: moment(), onEffect: () => void effects++ });
      } finally {
        running--;
      }
    },
    subscribe: async (given, call) => {
      const operation = selectOperation(given);
      if (subscriptions >= LIMITS.subscriptions)
        throw new MeshError(
          'TOO_MANY_SUBSCRIPTIONS',
          `The gateway has ${LIMITS.subscriptions} subscriptions open. Try again later.`,
        );
      subscriptions++;
      describe(operation);
      let opened: OpenSubscription | undefined;
      const left = (): void => {
        subscriptions--;
        if (opened) open.delete(opened);
      };
      try {
        const serving = servingOf(given);
        opened = await openSubscription(serving, operation, call, left);
        open.add(opened);
        if (serving !== current) opened.move(current);
        return mapStream(opened.stream, toExecutionResult);
      } catch (error) {
        left();
        throw error;
      }
    },
  };
}

/** The span that the transport has opened: named by the kind, as OpenTelemetry asks, since callers choose the operation's own name. */
function describe({ document, name }: SelectedOperation): void {
  const { operation: kind } = findOperation(document);
  describeSpan({ 'graphql.operation.type': kind, ...(name !== null && { 'graphql.operation.name': name }) }, kind);
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
