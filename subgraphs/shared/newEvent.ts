import { randomUUID } from 'node:crypto';
import type { MeshEvent, MeshEventData, MeshEventType } from './events.js';
import type { SubgraphName } from './names.js';

/** A CloudEvents 1.0 event of a subgraph. `subject` is the id of the entity, by which events are ordered. */
export function newEvent<Type extends MeshEventType>(
  type: Type,
  subject: string,
  data: MeshEventData[Type],
  options: { subgraph: SubgraphName; nowMs: number; traceparent?: string | undefined },
): MeshEvent<Type> {
  return {
    specversion: '1.0',
    id: randomUUID(),
    source: `/subgraphs/${options.subgraph}`,
    type,
    subject,
    time: new Date(options.nowMs).toISOString(),
    datacontenttype: 'application/json',
    ...(options.traceparent === undefined ? {} : { traceparent: options.traceparent }),
    data,
  };
}
