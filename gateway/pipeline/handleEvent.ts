import { getArgumentValues } from 'graphql/execution/values.js';
import type { EventFeed, LoggedEvent } from '../../subgraphs/shared/eventlog/EventLog.js';
import { SpanKind } from '@opentelemetry/api';
import { currentTraceparent, untraced, withSpan } from '../../subgraphs/shared/telemetry/withSpan.js';
import { LIMITS } from '../config/limits.js';
import type { Call } from '../context/createCall.js';
import { withDeadline } from '../context/withDeadline.js';
import { MeshError } from '../errors.js';
import { conflate } from '../events/conflate.js';
import { findEventStream, isFor, type EventStream } from '../events/eventStream.js';
import { pullStream } from '../events/pullStream.js';
import { executeOperation } from '../execution/executeOperation.js';
import type { OperationResult } from '../execution/Outcome.js';
import type { JsonObject } from '../execution/Target.js';
import { findOperation, isIncluded, rootFieldsOf } from '../planner/rootFields.js';
import { coerceVariables, refuseStaleSnapshot } from './handleOperation.js';
import type { SelectedOperation } from './selectOperation.js';
import type { Governed, Serving } from './Serving.js';
import { validateOnce } from './validateOnce.js';

export interface OpenSubscription {
  readonly stream: AsyncIterableIterator<OperationResult>;
  /** Goes on with another supergraph where the operation fits it, else ends the stream with SCHEMA_CHANGED. */
  move(serving: Serving): void;
}

/**
 * The story of a subscription: estimate what an event costs → govern → find the topic → read from the cursor; then for each event
 * filter → govern again → resolve the rest of the selection across subgraphs → client.
 * `onEnd` is called once when the stream has ended. Rejects, without calling it, when it cannot open (EVENT_GAP and BAD_CURSOR among others).
 * The stream ends with an error when the caller lost access or the token expired; its `return` settles everything at once.
 */
export async function openSubscription(
  serving: Serving,
  operation: SelectedOperation,
  call: Call,
  onEnd: () => void,
): Promise<OpenSubscription> {
  let subscription = bind(serving, operation, call);
  serving.demand.admit(operation.document, subscription.variables, call);
  governAgain(subscription).record(operation.name);
  // It lives as long as the subscription, and its reading belongs to no trace.
  const reader = await untraced(() => openReader(subscription));
  serving.metrics.subscriptions(1);
  const stream = pullStream(
    reader,
    (event) => handleEvent(subscription, event),
    () => {
      serving.metrics.subscriptions(-1);
      call.end();
      onEnd();
    },
  );
  return {
    stream,
    move: (next) => {
      try {
        subscription = rebind(subscription, next);
      } catch (error) {
        stream.fail(error);
      }
    },
  };
}

/** A subscription on the supergraph that serves it now. */
interface Subscription {
  readonly serving: Serving;
  readonly operation: SelectedOperation;
  readonly variables: Record<string, unknown>;
  readonly stream: EventStream;
  readonly field: string;
  readonly args: Record<string, unknown>;
  readonly call: Call;
}

function bind(serving: Serving, operation: SelectedOperation, call: Call): Subscription {
  const variables = coerceVariables(operation);
  const { field, args } = rootField(operation, variables);
  return { serving, operation, variables, stream: findEventStream(serving.supergraph, field), field, args, call };
}

/** The reader goes on where it is, so the topic has to be the same. Throws SCHEMA_CHANGED. */
function rebind({ operation, call, stream }: Subscription, serving: Serving): Subscription {
  const changed = (why: string, cause?: unknown): MeshError =>
    new MeshError(
      'SCHEMA_CHANGED',
      `The schema has changed and the subscription no longer fits it: ${why} Mend it and subscribe again from the last cursor.`,
      { cause },
    );
  const schema = serving.supergraph.apiSchema;
  const [invalid] = validateOnce(schema, operation.document);
  if (invalid) throw changed(invalid.message);
  try {
    const bound = bind(serving, { ...operation, schema }, call);
    serving.planner.plan(operation.document);
    if (bound.stream.topic === stream.topic) return bound;
  } catch (cause) {
    throw changed((cause as Error).message, cause);
  }
  throw changed('its events come from another topic.');
}

/** Resolves to null when the event is not for this subscription. */
async function handleEvent(subscription: Subscription, event: LoggedEvent): Promise<OperationResult | null> {
  const { stream, args, call } = subscription;
  if (!isFor(call.request.principal, stream, args, event)) return null;
  const payload = stream.payload(event);
  if (!payload) return null;
  // A trace of its own: in that of the event every subscriber of every gateway would be a part.
  const links = event.event.traceparent === undefined ? [] : [event.event.traceparent];
  const attributes = { 'messaging.destination.name': stream.topic, 'messaging.message.id': event.event.id };
  return withSpan('deliver event', { kind: SpanKind.CONSUMER, from: null, links, attributes }, () =>
    deliver(subscription, event, payload),
  );
}

async function deliver(subscription: Subscription, event: LoggedEvent, payload: JsonObject): Promise<OperationResult> {
  const { serving, operation, variables, stream, field, call } = subscription;
  const governed = governAgain(subscription);
  const plan = serving.planner.plan(governed.document);
  const { supergraph, clients, caching, metrics } = serving;
  const result = await withDeadline(call.signal, LIMITS.deadlineMs, (signal) => {
    const context = {
      request: contextOf(serving, call, event),
      signal,
      after: event.cursor,
      ...(call.headers && { headers: call.headers }),
    };
    const { denied, document: allowed } = governed;
    const request = { ...operation, supergraph, plan, coerced: variables, clients, context, allowed, denied };
    return caching.resolve({ principal: call.request.principal, headers: call.headers }, (cache) =>
      executeOperation({ ...request, cache, event: { [field]: payload } }),
    );
  });
  metrics.event(stream.topic, result.errors ? 'failed' : 'sent');
  return result;
}

/** Rights may change while a subscription is open, so every event is decided anew. */
function governAgain({ serving, operation, variables, call }: Subscription): Governed {
  if (call.expiresAt !== null && call.expiresAt <= serving.clock())
    throw new MeshError('UNAUTHENTICATED', 'The token has expired. Connect with a new one and go on from the last cursor.');
  const governed = serving.govern(operation.document, variables, call.request.principal);
  if (governed.byPolicies) refuseStaleSnapshot(serving);
  if (governed.nothingLeft) {
    governed.record(operation.name);
    const [denied] = governed.denied;
    throw new MeshError(
      String(denied?.extensions?.['code'] ?? 'FORBIDDEN'),
      denied?.message ?? 'The caller may not see these events.',
    );
  }
  return governed;
}

function rootField({ schema, document }: SelectedOperation, variables: Record<string, unknown>) {
  const root = rootFieldsOf(document, findOperation(document))[0];
  const definition = root && schema.getSubscriptionType()?.getFields()[root.field.name.value];
  // The planner throws for conditions on a root subscription field, so they are evaluated before it is asked.
  if (!root || !definition || !isIncluded(root, variables))
    throw new MeshError('SUBSCRIPTION_UNSUPPORTED', 'The subscription selects no event field.');
  return { field: definition.name, args: getArgumentValues(definition, root.field, variables) };
}

async function openReader({ serving: { eventLog }, stream, args, call }: Subscription): Promise<EventFeed> {
  if (!eventLog) throw new MeshError('SUBSCRIPTION_UNSUPPORTED', 'This gateway has no event log.');
  const after = args['after'];
  const reader = await eventLog.read(stream.topic, typeof after === 'string' ? after : 'head');
  return stream.conflates ? conflate(reader, (event) => isFor(call.request.principal, stream, args, event)) : reader;
}

function contextOf({ clock, randomHex }: Serving, call: Call, { event }: LoggedEvent) {
  const traceparent = currentTraceparent() ?? event.traceparent;
  return {
    ...call.request,
    operationId: randomHex(16),
    deadlineAt: clock() + LIMITS.deadlineMs,
    ...(traceparent !== undefined && { traceparent }),
  };
}
