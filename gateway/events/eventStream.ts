import { getNamedType } from 'graphql';
import type { LoggedEvent } from '../../subgraphs/shared/eventlog/EventLog.js';
import { TOPICS, type Topic } from '../../subgraphs/shared/names.js';
import type { Principal } from '../../subgraphs/shared/principal.js';
import { MeshError } from '../errors.js';
import type { Supergraph } from '../planner/loadSupergraph.js';
import { PAYLOADS, type Payload } from './payloads.js';

/** What feeds a subscription field, as its @eventStream says. */
export interface EventStream {
  readonly topic: Topic;
  /** Each given argument must equal the value at its path of the event's data, or be a list that holds it. */
  readonly filter: readonly { readonly argument: string; readonly path: readonly string[] }[];
  /** Null: an event that the field does not show. */
  readonly payload: (logged: LoggedEvent) => Payload | null;
  /** Whether a client that reads slowly gets only the newest event of each entity. */
  readonly conflates: boolean;
}

/** Throws SUBSCRIPTION_UNSUPPORTED for a field without @eventStream, of an unknown topic, or of a type that no event fills. */
export function findEventStream(supergraph: Supergraph, field: string): EventStream {
  const root = supergraph.apiSchema.getSubscriptionType();
  const definition = root?.getFields()[field];
  const applied = root && supergraph.directivesOn(root.name, field).find(({ name }) => name === 'eventStream');
  const topic = TOPICS.find((name) => name === applied?.args['topic']);
  const payload = definition && PAYLOADS[getNamedType(definition.type).name];
  if (!applied || !topic || !payload)
    throw new MeshError('SUBSCRIPTION_UNSUPPORTED', `No event topic feeds Subscription.${field}.`);
  return { topic, payload, filter: parseFilter(applied.args['filter']), conflates: applied.args['overflow'] === 'CONFLATE' };
}

/** Of the caller's tenant (or any, with the scope tenant.any), and what every argument asks for that was given. */
export function isFor(
  principal: Principal,
  { filter }: EventStream,
  args: Record<string, unknown>,
  { event }: LoggedEvent,
): boolean {
  if (event.data.tenant !== principal.tenant && !principal.scopes.includes('tenant.any')) return false;
  return filter.every(({ argument, path }) => {
    const wanted = args[argument];
    if (wanted === undefined || wanted === null) return true;
    const value = at(event.data, path);
    return Array.isArray(wanted) ? wanted.includes(value) : wanted === value;
  });
}

function parseFilter(text: unknown): EventStream['filter'] {
  if (typeof text !== 'string' || text === '') return [];
  return text.split('&').map((pair) => {
    const [argument = '', path = ''] = pair.split('=');
    return { argument: argument.trim(), path: path.trim().split('.') };
  });
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (found, key) => (found !== null && typeof found === 'object' ? (found as Record<string, unknown>)[key] : undefined),
    value,
  );
}
