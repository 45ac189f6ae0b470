import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDocuments, type Documents } from '../../../../gateway/transport/documents/createDocuments.js';
import { readManifest, type Manifest } from '../../../../gateway/transport/documents/readManifest.js';
import { createOperationCheck } from '../../../../gateway/transport/operationLimits.js';

const LISTED = 'query Listed { agents { id } }';
const OTHER = 'query Other { models { id } }';
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const apq = (sha256Hash: unknown, version: unknown = 1) => ({ persistedQuery: { version, sha256Hash } });

describe('documents of requests', () => {
  let folder: string;
  let manifest: Manifest;
  const write = async (content: unknown) => {
    const file = join(folder, 'manifest.json');
    await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
    return file;
  };
  const apollo = (operations: unknown[]) => ({ format: 'apollo-persisted-query-manifest', version: 1, operations });
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mesh-manifest-'));
    const file = await write(apollo([{ id: 'listed-1', name: 'Listed', type: 'query', body: LISTED }]));
    manifest = (await readManifest(file))!;
  });
  afterAll(() => rm(folder, { recursive: true }));

  const open = (mode: 'off' | 'allow-ids' | 'only-safelisted', automatic = true) =>
    createDocuments({ checkOperation: createOperationCheck(), prepare: () => null, mode, automatic, manifest });
  type Asked = Partial<Parameters<Documents>[0]>;
  const ask = (documents: Documents, asked: Asked): string => {
    try {
      return documents({ query: null, documentId: null, operationName: null, extensions: {}, ...asked }).query;
    } catch (error) {
      return (error as { code: string }).code;
    }
  };

  it.each<[string, Asked, string, string, string]>([
    //                                                          off, allow-ids, only-safelisted
    ['a text of the list', { query: LISTED }, LISTED, LISTED, LISTED],
    ['a text like one of the list', { query: `# so\n${LISTED} ` }, `# so\n${LISTED} `, `# so\n${LISTED} `, `# so\n${LISTED} `],
    ['another text', { query: OTHER }, OTHER, OTHER, 'QUERY_NOT_IN_SAFELIST'],
    ['an id', { documentId: 'listed-1' }, 'PERSISTED_QUERY_NOT_IN_LIST', LISTED, LISTED],
    ["an id in Apollo's place", { extensions: apq('listed-1') }, 'PERSISTED_QUERY_NOT_FOUND', LISTED, LISTED],
    ['the hash of a text of the list', { documentId: `sha256:${sha256(LISTED)}` }, 'PERSISTED_QUERY_NOT_IN_LIST', LISTED, LISTED],
    [
      'an unknown id',
      { documentId: 'x' },
      'PERSISTED_QUERY_NOT_IN_LIST',
      'PERSISTED_QUERY_NOT_IN_LIST',
      'PERSISTED_QUERY_NOT_IN_LIST',
    ],
    [
      'an unknown hash',
      { extensions: apq(sha256(OTHER)) },
      'PERSISTED_QUERY_NOT_FOUND',
      'PERSISTED_QUERY_NOT_FOUND',
      'PERSISTED_QUERY_NOT_IN_LIST',
    ],
    ['a text with its hash', { query: OTHER, extensions: apq(sha256(OTHER)) }, OTHER, OTHER, 'QUERY_NOT_IN_SAFELIST'],
    ['an id with another text', { query: OTHER, documentId: 'listed-1' }, ...same('PERSISTED_QUERY_NOT_IN_LIST')],
    [
      'a text with the hash of another',
      { query: OTHER, extensions: apq(sha256(LISTED)) },
      'BAD_USER_INPUT',
      'BAD_USER_INPUT',
      'QUERY_NOT_IN_SAFELIST',
    ],
    ['nothing', {}, ...same('BAD_USER_INPUT')],
    ['an empty text', { query: '' }, ...same('BAD_USER_INPUT')],
    ['a hash that is no text', { extensions: apq(7) }, ...same('BAD_USER_INPUT')],
    ['another version', { extensions: apq(sha256(LISTED), 2) }, ...same('BAD_USER_INPUT')],
    ['what is no extension', { extensions: { persistedQuery: 'yes' } }, ...same('BAD_USER_INPUT')],
    ['a name that is not there', { query: LISTED, operationName: 'Else' }, ...same('GRAPHQL_VALIDATION_FAILED')],
    ['no GraphQL', { query: 'listed-1' }, ...same('GRAPHQL_PARSE_FAILED')],
  ])('of %s', (_, asked, off, ids, only) => {
    expect([ask(open('off'), asked), ask(open('allow-ids'), asked), ask(open('only-safelisted'), asked)]).toEqual([
      off,
      ids,
      only,
    ]);
  });

  it('are remembered by their hash once they came with it and held', () => {
    const documents = open('off');
    const named = { extensions: apq(sha256(OTHER).toUpperCase()) };
    expect(ask(documents, named)).toBe('PERSISTED_QUERY_NOT_FOUND');
    expect(ask(documents, { query: OTHER, extensions: apq(sha256(OTHER)) })).toBe(OTHER);
    expect(ask(documents, named)).toBe(OTHER);
    expect(ask(documents, { query: '{', extensions: apq(sha256('{')) })).toBe('GRAPHQL_PARSE_FAILED');
    expect(ask(documents, { extensions: apq(sha256('{')) })).toBe('PERSISTED_QUERY_NOT_FOUND');
  });

  it('are not remembered when that is switched off', () => {
    const documents = open('off', false);
    expect(ask(documents, { query: OTHER, extensions: apq(sha256(OTHER)) })).toBe('PERSISTED_QUERY_NOT_SUPPORTED');
    expect(ask(open('allow-ids', false), { extensions: apq('listed-1') })).toBe(LISTED);
  });

  it('are remembered up to 16 MB, the last used', () => {
    const documents = open('off');
    const long = (n: number) => `{ a${n} } #${'x'.repeat(1_000_000)}`;
    for (let n = 0; n < 20; n++) ask(documents, { query: long(n), extensions: apq(sha256(long(n))) });
    expect(ask(documents, { extensions: apq(sha256(long(0))) })).toBe('PERSISTED_QUERY_NOT_FOUND');
    expect(ask(documents, { extensions: apq(sha256(long(19))) })).toBe(long(19));
  });

  it('are read of a plain list of ids too', async () => {
    const plain = (await readManifest(await write({ one: LISTED, two: OTHER })))!;
    expect([plain.find('one'), plain.find('two'), plain.find('three')]).toEqual([LISTED, OTHER, undefined]);
    expect(await readManifest(null)).toBeNull();
  });

  it.each<[unknown, RegExp]>([
    ['{"one":', /is not JSON/],
    ['[]', /is neither a manifest/],
    [{ format: 'apollo-persisted-query-manifest', version: 2, operations: [] }, /is neither a manifest/],
    [
      apollo([
        { id: 'a', body: LISTED },
        { id: 'a', body: OTHER },
      ]),
      /"a" is there twice/,
    ],
    [
      apollo([{ id: 'a', body: '{' }, { body: OTHER }, null]),
      /"a": Syntax Error[^]*undefined: an operation has an id and a text/,
    ],
    [{ one: 7 }, /"one": an operation has an id and a text/],
  ])('are refused when the manifest is wrong: %j', async (content, message) => {
    const reading = readManifest(await write(content));
    await expect(reading).rejects.toMatchObject({
      code: 'INVALID_CONFIGURATION',
      message: expect.stringMatching(message) as string,
    });
  });

  it('are refused when there is no manifest', async () => {
    await expect(readManifest(join(folder, 'nowhere.json'))).rejects.toThrow(/cannot be read/);
  });
});

function same(code: string): [string, string, string] {
  return [code, code, code];
}
