import { describe, expect, it } from 'vitest';
import { GRAPHQL_TYPE, JSON_TYPE, readAccept, type Accepted } from '../../../../gateway/transport/request/readAccept.js';

const nothing: Accepted = { single: null, expectsOk: false, incremental: false, stream: null, page: false };
const open = { ...nothing, single: JSON_TYPE } as const;
const json = { ...open, expectsOk: true };
const newer = { ...nothing, single: GRAPHQL_TYPE } as const;
const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';

describe('an Accept header', () => {
  it.each<[string | undefined, Accepted]>([
    [undefined, open],
    ['', open],
    ['*/*', open],
    ['application/*', open],
    ['application/json', json],
    ['APPLICATION/JSON; Charset=UTF-8', json],
    ['application/graphql-response+json', newer],
    ['application/graphql-response+json, application/json', newer],
    ['application/json, application/graphql-response+json', json],
    ['application/json;q=0.9, application/graphql-response+json', newer],
    ['application/graphql-response+json;q=0.1, */*', open],
    ['application/json;q=0, */*', newer],
    ['application/xml', nothing],
    ['text/plain, no range at all, /, */', nothing],
    ['*/*;q=0', nothing],
    ['application/json;q=2', nothing],
    [BROWSER, { ...open, page: true }],
    ['text/html;q=0.1, application/json', json],
    ['text/event-stream', { ...nothing, stream: 'sse' }],
    ['text/*', nothing],
    ['text/event-stream, application/json', { ...json, stream: 'sse' }],
    ['multipart/mixed', nothing],
    ['multipart/mixed;deferSpec=20220824', { ...nothing, incremental: true }],
    ['multipart/mixed;deferSpec=20220824, application/json', { ...json, incremental: true }],
    ['multipart/mixed;deferSpec=v9, */*', open],
    ['multipart/mixed;boundary="a,b;c\\"";subscriptionSpec="1.0", application/json', { ...json, stream: 'multipart' }],
    ['multipart/mixed;subscriptionSpec=1.0;q=0.5, text/event-stream', { ...nothing, stream: 'sse' }],
    ['multipart/mixed;subscriptionSpec=1.0, text/event-stream', { ...nothing, stream: 'multipart' }],
    ['multipart/mixed;subscriptionSpec=2.0', nothing],
    ['application/json;x="never closed, text/html', json],
  ])('%s', (header, accepted) => {
    expect(readAccept(header)).toEqual(accepted);
  });
});
