import type { Message } from 'kafkajs';
import type { MeshEvent, MeshEventType } from '../../events.js';
import type { FetchedMessage } from './openKafkaLink.js';

/** One message of a partition. `event` is null for what is not a CloudEvent of ours; readers pass it over. */
export interface KafkaRecord {
  readonly partition: number;
  readonly offset: number;
  /** Epoch milliseconds, when it was sent. */
  readonly timestamp: number;
  /** Of its value. */
  readonly bytes: number;
  readonly event: MeshEvent | null;
}

/**
 * CloudEvents' Kafka binding in its binary mode: the attributes as `ce_…` headers, the data as the value, W3C trace context beside them.
 * Chosen over the structured mode because tools (and our own search for repeated ids) then need not parse any value.
 */
export function toMessage(event: MeshEvent): Message {
  return {
    key: event.subject,
    value: JSON.stringify(event.data),
    headers: {
      ce_specversion: event.specversion,
      ce_id: event.id,
      ce_source: event.source,
      ce_type: event.type,
      ce_subject: event.subject,
      ce_time: event.time,
      'content-type': event.datacontenttype,
      ...(event.traceparent !== undefined && { traceparent: event.traceparent }),
    },
  };
}

export function toRecord(partition: number, message: FetchedMessage): KafkaRecord {
  const { offset, timestamp, value } = message;
  return {
    partition,
    offset: Number(offset),
    timestamp: Number(timestamp),
    bytes: value?.length ?? 0,
    event: toEvent(message),
  };
}

/** Null when a header that must be there is not, or the value is not JSON. */
export function toEvent({ headers, value }: Pick<FetchedMessage, 'headers' | 'value'>): MeshEvent | null {
  const text = (name: string): string | undefined => headers?.[name]?.toString();
  const [id, source, type, subject, time] = ['ce_id', 'ce_source', 'ce_type', 'ce_subject', 'ce_time'].map(text);
  const data = parse(value);
  if (text('ce_specversion') !== '1.0' || !id || !source || !type || subject === undefined || !time || !data) return null;
  const traceparent = text('traceparent');
  return {
    specversion: '1.0',
    id,
    source,
    type: type as MeshEventType,
    subject,
    time,
    datacontenttype: 'application/json',
    ...(traceparent !== undefined && { traceparent }),
    data: data as MeshEvent['data'],
  };
}

function parse(value: Buffer | null): object | null {
  try {
    const data: unknown = JSON.parse(value?.toString() ?? '');
    return typeof data === 'object' ? data : null;
  } catch {
    return null;
  }
}
