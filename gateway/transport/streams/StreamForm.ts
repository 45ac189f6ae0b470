/** How a stream of JSON texts is written on the wire. Every text ends where a client can take it without waiting for the next. */
export interface StreamForm {
  readonly contentType: string;
  readonly opening: string;
  /** Says that the connection lives. Null: what is sent ends soon anyway. */
  readonly heartbeat: string | null;
  event(json: string): string;
  /** `answer` is a JSON object with `errors`. Nothing follows it. */
  failure(answer: string): string;
  /** After the last event. */
  readonly end: string;
  /** The gateway closes: the client is to connect again. `answer` as above. */
  leave(answer: string): string;
}

const comment = ':\n\n';
const next = (json: string): string => `event: next\ndata: ${json}\n\n`;

/** https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md, distinct connections mode. An end without `complete` is a lost connection. */
export const SSE: StreamForm = {
  contentType: 'text/event-stream; charset=utf-8',
  opening: comment,
  heartbeat: comment,
  event: next,
  failure: (answer) => `${next(answer)}event: complete\ndata:\n\n`,
  end: 'event: complete\ndata:\n\n',
  leave: () => '',
};

/** The same protocol's single connection mode: the stream ends with its connection, operations begin and end within it by their ids. */
export const SSE_SHARED: StreamForm = { ...SSE, event: (json) => json, failure: () => '', end: '' };

export function sharedNext(id: string, json: string): string {
  return next(`{"id":${JSON.stringify(id)},"payload":${json}}`);
}

export function sharedComplete(id: string): string {
  return `event: complete\ndata: {"id":${JSON.stringify(id)}}\n\n`;
}

const partOf =
  (boundary: string) =>
  (json: string): string =>
    `\r\ncontent-type: application/json; charset=utf-8\r\n\r\n${json}\r\n--${boundary}`;

const graphqlPart = partOf('graphql');
const fatal = (answer: string): string => `${graphqlPart(`{"payload":null,${answer.slice(1)}`)}--\r\n`;

/** https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/multipart-protocol */
export const MULTIPART_EVENTS: StreamForm = {
  contentType: 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0',
  opening: '\r\n--graphql',
  heartbeat: graphqlPart('{}'),
  event: (json) => graphqlPart(`{"payload":${json}}`),
  failure: fatal,
  end: '--\r\n',
  leave: fatal,
};

const deferPart = partOf('-');
const broken = (answer: string): string =>
  `${deferPart(`{"incremental":[{"path":[],${answer.slice(1, -1)}}],"hasNext":false}`)}--\r\n`;

/** Answers with @defer and @stream: Apollo's deferSpec=20220824, after graphql-js 17.0.0-alpha.2. */
export const MULTIPART_PARTS: StreamForm = {
  contentType: 'multipart/mixed; boundary="-"; deferSpec=20220824',
  opening: '\r\n---',
  heartbeat: null,
  event: deferPart,
  failure: broken,
  end: '--\r\n',
  leave: broken,
};

/** A JSON object that says whether more comes. */
export function withHasNext(json: string, hasNext: boolean): string {
  return `${json.slice(0, -1)}${json === '{}' ? '' : ','}"hasNext":${String(hasNext)}}`;
}
