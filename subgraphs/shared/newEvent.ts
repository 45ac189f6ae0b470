import { randomUUID } from 'node:crypto';
import type { MeshEvent, MeshEventData, MeshEventType } from './events.js';
import type { SubgraphName } from './names.js';
import { currentTraceparent } from './telemetry/withSpan.js';

/**
 * A CloudEvents 1.0 event of a subgraph. `subject` is the id of the entity, by which events are ordered. It carries the trace that it is made
 * in, unless told of another.
 */
export function newEvent<Type extends MeshEventType>(
  type: Type,
  subject: string,
  data: MeshEventData[Type],
  options: { subgraph: SubgraphName; nowMs: number; traceparent?: string | undefined },
): MeshEvent<Type> {
  const traceparent = options.traceparent ?? currentTraceparent();
  return {
    specversion: '1.0',
    id: randomUUID(),
    source: `/subgraphs/${options.subgraph}`,
    type,
    subject,
    time: new Date(options.nowMs).toISOString(),
    datacontenttype: 'application/json',
    ...(traceparent !== undefined && { traceparent }),
    data,
  };
}
