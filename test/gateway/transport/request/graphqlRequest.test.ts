import { describe, expect, it } from 'vitest';
import { parseRequest } from '../../../../gateway/transport/request/graphqlRequest.js';

const json = { 'content-type': 'application/json' };
const nothing = { query: null, documentId: null, operationName: null, variables: {}, extensions: {} };
const code = (run: () => unknown): unknown => {
  try {
    return run();
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('a request', () => {
  it.each<[string, object | string]>([
    [
      '{"query":"{ a }","variables":{"id":1},"operationName":"A","documentId":"d","extensions":{"x":1},"more":7}',
      { query: '{ a }', variables: { id: 1 }, operationName: 'A', documentId: 'd', extensions: { x: 1 } },
    ],
    ['{"query":"","operationName":"","variables":null,"extensions":null}', {}],
    ['{}', {}],
    ['[{"query":7}]', [{ query: 7 }]],
    ['[]', []],
    ['7', 'BAD_USER_INPUT'],
    ['null', 'BAD_USER_INPUT'],
    ['{"query":', 'BAD_USER_INPUT'],
    ['', 'BAD_USER_INPUT'],
    ['\ufeff{}', 'BAD_USER_INPUT'],
    [`{"variables":${'['.repeat(600)}${']'.repeat(600)}}`, 'BAD_USER_INPUT'],
    ...['query', 'operationName', 'documentId'].flatMap((name) =>
      ['7', 'true', '{}', '["a"]'].map((value): [string, string] => [`{"${name}":${value}}`, 'BAD_USER_INPUT']),
    ),
    ...['variables', 'extensions'].flatMap((name) =>
      ['7', '"{}"', 'false', '[]'].map((value): [string, string] => [`{"${name}":${value}}`, 'BAD_USER_INPUT']),
    ),
  ])('with the body %s', (body, expected) => {
    const parsed = code(() => parseRequest({ headers: json }, Buffer.from(body)));
    expect(parsed).toEqual(Array.isArray(expected) || typeof expected === 'string' ? expected : { ...nothing, ...expected });
  });

  it('keeps a variable that is called as what JavaScript has', () => {
    const { variables } = parseRequest(
      { headers: json },
      Buffer.from('{"variables":{"__proto__":1,"constructor":2}}'),
    ) as typeof nothing;
    expect(Object.keys(variables)).toEqual(['__proto__', 'constructor']);
    expect({}).not.toHaveProperty('1');
  });

  it.each<[string, object | string]>([
    ['', {}],
    ['?query=%7Ba%7D&variables=%7B%22a%22%3A1%7D&operationName=A', { query: '{a}', variables: { a: 1 }, operationName: 'A' }],
    ['?query=a+b%2B', { query: 'a b+' }],
    ['?documentId=d&extensions={"x":1}', { documentId: 'd', extensions: { x: 1 } }],
    ['?query=&variables=', {}],
    ['?query=a&query=b', 'BAD_USER_INPUT'],
    ['?variables=[]', 'BAD_USER_INPUT'],
    ['?variables={', 'BAD_USER_INPUT'],
    ['?query=%C3', 'BAD_USER_INPUT'],
    ['?query=%', 'BAD_USER_INPUT'],
  ])('with the URL /graphql%s', (search, expected) => {
    const parsed = code(() => parseRequest({ headers: {}, url: `/graphql${search}` }, null));
    expect(parsed).toEqual(typeof expected === 'string' ? expected : { ...nothing, ...expected });
  });

  it.each<[Record<string, string>, boolean]>([
    [json, true],
    [{ 'content-type': 'Application/JSON ; charset="UTF-8"' }, true],
    [{ ...json, 'content-encoding': 'identity' }, true],
    [{}, false],
    [{ 'content-type': 'text/plain' }, false],
    [{ 'content-type': 'application/jsonp' }, false],
    [{ 'content-type': 'text/plain; application/json' }, false],
    [{ 'content-type': 'application/json; charset=latin1' }, false],
    [{ ...json, 'content-encoding': 'gzip' }, false],
  ])('of %j', (headers, taken) => {
    const parsed = code(() => parseRequest({ headers }, Buffer.from('{}')));
    expect(parsed).toEqual(taken ? nothing : 'UNSUPPORTED_MEDIA_TYPE');
  });
});
