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
import { executeOperation, type OperationResult } from '../execution/executeOperation.js';
import type { JsonObject } from '../execution/Target.js';
import { findOperation, isIncluded, rootFieldsOf } from '../planner/rootFields.js';
import { coerceVariables, refuseStaleSnapshot } from './handleOperation.js';
import type { Operation } from './Operations.js';
import type { Governed, Serving } from './Serving.js';

/**
 * The story of a subscription: govern → find the topic → read from the cursor; then for each event
 * filter → govern again → resolve the rest of the selection across subgraphs → client.
 * `onEnd` is called once when the stream has ended. Rejects, without calling it, when it cannot open (EVENT_GAP and BAD_CURSOR among others). The stream ends with an error when the caller lost access or
 * the token expired; its `return` settles everything at once.
 */
export async function openSubscription(
  serving: Serving,
  operation: Operation,
  call: Call,
  onEnd: () => void,
): Promise<AsyncIterableIterator<OperationResult>> {
  const variables = coerceVariables(operation);
  const governed = governAgain(serving, operation, variables, call);
  governed.record();
  const { field, args } = rootField(operation, variables);
  const stream = findEventStream(serving.supergraph, field);
  const subscription: Subscription = { operation, variables, stream, field, args, call };
  // It lives as long as the subscription, and its reading belongs to no trace.
  const reader = await untraced(() => openReader(serving, subscription));
  serving.metrics.subscriptions(1);
  return pullStream(
    reader,
    (event) => handleEvent(serving, subscription, event),
    () => {
      serving.metrics.subscriptions(-1);
      call.end();
      onEnd();
    },
  );
}

interface Subscription {
  readonly operation: Operation;
  readonly variables: Record<string, unknown>;
  readonly stream: EventStream;
  readonly field: string;
  readonly args: Record<string, unknown>;
  readonly call: Call;
}

/** Resolves to null when the event is not for this subscription. */
async function handleEvent(serving: Serving, subscription: Subscription, event: LoggedEvent): Promise<OperationResult | null> {
  const { stream, args, call } = subscription;
  if (!isFor(call.request.principal, stream, args, event)) return null;
  const payload = stream.payload(event);
  if (!payload) return null;
  // A trace of its own: in that of the event every subscriber of every gateway would be a part.
  const links = event.event.traceparent === undefined ? [] : [event.event.traceparent];
  const attributes = { 'messaging.destination.name': stream.topic, 'messaging.message.id': event.event.id };
  return withSpan('deliver event', { kind: SpanKind.CONSUMER, from: null, links, attributes }, () =>
    deliver(serving, subscription, event, payload),
  );
}

async function deliver(
  serving: Serving,
  subscription: Subscription,
  event: LoggedEvent,
  payload: JsonObject,
): Promise<OperationResult> {
  const { operation, variables, stream, field, call } = subscription;
  const governed = governAgain(serving, operation, variables, call);
  const plan = serving.planner.plan(governed.document, operation.operationName);
  const { supergraph, clients, caching, metrics } = serving;
  const result = await withDeadline(call.signal, LIMITS.deadlineMs, (signal) => {
    const context = { request: contextOf(serving, call, event), signal };
    const request = { ...operation, supergraph, plan, clients, context, denied: governed.denied, event: { [field]: payload } };
    return caching.resolve(call.request.principal, (cache) => executeOperation({ ...request, cache }));
  });
  metrics.event(stream.topic, result.errors ? 'failed' : 'sent');
  return result;
}

/** Rights may change while a subscription is open, so every event is decided anew. */
function governAgain(serving: Serving, operation: Operation, variables: Record<string, unknown>, call: Call): Governed {
  if (call.expiresAt !== null && call.expiresAt <= serving.clock())
    throw new MeshError('UNAUTHENTICATED', 'The token has expired. Connect with a new one and go on from the last cursor.');
  const governed = serving.govern(operation.document, operation.operationName, variables, call.request.principal);
  if (governed.nothingLeft) {
    governed.record();
    const [denied] = governed.denied;
    throw new MeshError(
      String(denied?.extensions?.['code'] ?? 'FORBIDDEN'),
      denied?.message ?? 'The caller may not see these events.',
    );
  }
  refuseStaleSnapshot(serving, governed, { kind: 'subscription', segments: [], routed: [] });
  return governed;
}

function rootField({ schema, document, operationName }: Operation, variables: Record<string, unknown>) {
  const root = rootFieldsOf(document, findOperation(document, operationName))[0];
  const definition = root && schema.getSubscriptionType()?.getFields()[root.field.name.value];
  // The planner throws for conditions on a root subscription field, so they are evaluated before it is asked.
  if (!root || !definition || !isIncluded(root, variables))
    throw new MeshError('SUBSCRIPTION_UNSUPPORTED', 'The subscription selects no event field.');
  return { field: definition.name, args: getArgumentValues(definition, root.field, variables) };
}

async function openReader({ eventLog }: Serving, { stream, args, call }: Subscription): Promise<EventFeed> {
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
