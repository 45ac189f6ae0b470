import { describe, expect, it } from 'vitest';
import { createGenerations } from '../../../gateway/cache/generations.js';
import { createMemoryCache } from '../../../gateway/cache/memoryCache.js';
import type { Principal } from '../../../subgraphs/shared/principal.js';
import { encodeCursor } from '../../../subgraphs/shared/eventlog/cursor.js';
import { READER, serveNewsroom } from '../support/serveNewsroom.js';

const ARTICLE = '{ article(id: "x1") { id title } }';
const WITH_AUTHOR = '{ article(id: "x1") { title author { name } } }';
/** The root changes with every call, the authors do not. */
const UNCACHED_WITH_AUTHORS = '{ latest { title notes { text } author { name } } }';

describe('whole answers', () => {
  it('are kept for as long as all fields allow, and say how much of that is left', async () => {
    const { ask, advance, clock } = serveNewsroom();
    const first = await ask(WITH_AUTHOR);
    expect(first.requests).toEqual(['articles', 'authors a1']);
    expect(first.freshness).toEqual({ until: clock() + 45_000, isPrivate: true });
    const until = clock() + 45_000;
    advance(44_999);
    const kept = await ask(WITH_AUTHOR);
    expect(kept).toEqual({ ...first, requests: [], freshness: { until, isPrivate: true } });
    advance(1);
    expect((await ask(WITH_AUTHOR)).requests).toEqual(['articles', 'authors a1']);
  });

  it('take the time that is left of the parts that they are made of', async () => {
    const { ask, advance, clock } = serveNewsroom();
    await ask('{ article(id: "x3") { author { name } } }');
    const bornAt = clock();
    advance(30_000);
    // The author of x1 is asked for anew, and only then is the answer as old as nothing.
    expect((await ask(WITH_AUTHOR)).freshness!.until).toBe(clock() + 45_000);
    const mixed = await ask('{ article(id: "x3") { title author { name } } }');
    expect(mixed.requests).toEqual(['articles']);
    expect(mixed.freshness!.until).toBe(bornAt + 45_000);
  });

  it('are told apart by all that can change them', async () => {
    const base = {
      query: 'query A($id: ID! = "x1") { article(id: $id) { title } } query B { latest { title } }',
      operationName: 'A',
    };
    const variants: [string, string, Parameters<ReturnType<typeof serveNewsroom>['ask']>[1]][] = [
      ['the operation', base.query.replace('title }', 'id title }'), { operationName: 'A' }],
      ['an alias', base.query.replace('title }', 't: title }'), { operationName: 'A' }],
      ['the operation of the document', base.query, { operationName: 'B' }],
      ['a variable', base.query, { operationName: 'A', variables: { id: 'x2' } }],
      ['the tenant', base.query, { operationName: 'A', principal: { ...READER, tenant: 'south' } }],
      ['no tenant', base.query, { operationName: 'A', principal: { ...READER, tenant: null } }],
      ['a scope', base.query, { operationName: 'A', principal: { ...READER, scopes: ['read', 'tenant.any'] } }],
      ['a role', base.query, { operationName: 'A', principal: { ...READER, roles: [] } }],
      ['a clearance', base.query, { operationName: 'A', principal: { ...READER, clearances: ['PII'] } }],
      ['the region', base.query, { operationName: 'A', principal: { ...READER, region: 'eu' } }],
    ];
    const { ask } = serveNewsroom();
    await ask(base.query, base);
    expect((await ask(base.query, base)).requests).toEqual([]);
    for (const [what, query, more] of variants) expect((await ask(query, more)).requests, what).toEqual(['articles']);
    for (const [what, query, more] of variants) expect((await ask(query, more)).requests, what).toEqual([]);
  });

  it.each(['representations', 'contextualArgument_1', '_client_x', 'usual'])(
    'are kept by what a condition on $%s leaves in them, whatever its name is in the fetches',
    async (name) => {
      const { ask, clock } = serveNewsroom();
      const query = `query ($${name}: Boolean!) {
        article(id: "x1") { title ... @include(if: $${name}) { author { name } } teaser @skip(if: $${name}) }
      }`;
      const seconds = async (holds: boolean) => {
        const { freshness, requests, errors } = await ask(query, { variables: { [name]: holds } });
        expect(errors).toBeUndefined();
        return [(freshness!.until - clock()) / 1000, ...requests];
      };
      expect(await seconds(true)).toEqual([45, 'articles', 'authors a1']);
      expect(await seconds(false)).toEqual([10, 'articles']);
      expect(await seconds(true)).toEqual([45]);
      expect(await seconds(false)).toEqual([10]);
    },
  );

  it('are shared by callers of equal rights when PUBLIC, and by nobody when PRIVATE', async () => {
    const { ask } = serveNewsroom();
    const others: Principal[] = [
      { ...READER, id: 'bob' },
      { ...READER, kind: 'SERVICE' },
    ];
    const mine = '{ article(id: "x1") { mine } }';
    await ask(ARTICLE);
    await ask(mine);
    for (const principal of others) {
      expect((await ask(ARTICLE, { principal })).requests).toEqual([]);
      expect((await ask(mine, { principal })).requests).toEqual(['articles']);
      expect((await ask(mine, { principal })).requests).toEqual([]);
    }
    expect((await ask(mine)).requests).toEqual([]);
  });

  it('are decided about each time: who lacks a scope gets the error, whoever asked before', async () => {
    const { ask } = serveNewsroom();
    const query = '{ article(id: "x1") { title secret } }';
    const knowing: Principal = { ...READER, scopes: ['articles.secret'] };
    expect((await ask(query, { principal: knowing })).data).toEqual({ article: { title: 'Title 1', secret: 's' } });
    for (let round = 0; round < 2; round++) {
      const denied = await ask(query);
      expect(denied.data).toEqual({ article: { title: 'Title 1', secret: null } });
      expect(denied.errors).toMatchObject([{ path: ['article', 'secret'], extensions: { code: 'FORBIDDEN' } }]);
      expect(denied.freshness).toBeNull();
    }
    expect((await ask(query, { principal: knowing })).requests).toEqual([]);
  });

  it('leave a record of what was decided each time', async () => {
    const { ask, recorded } = serveNewsroom();
    for (let round = 1; round <= 3; round++) {
      await ask(ARTICLE);
      expect(recorded()).toBe(round);
    }
  });

  it('with an error are not kept, nor is the part that failed', async () => {
    const { ask, names } = serveNewsroom();
    names.set('a1', new Error('asleep'));
    const failed = await ask(WITH_AUTHOR);
    expect(failed.errors).toMatchObject([{ path: ['article', 'author', 'name'] }]);
    expect(failed.freshness).toBeNull();
    names.set('a1', 'Awake');
    expect(await ask(WITH_AUTHOR)).toMatchObject({ data: { article: { author: { name: 'Awake' } } }, requests: ['authors a1'] });
  });

  it('with data that does not fit the schema are not kept, nor is any part of them', async () => {
    const { ask, clients } = serveNewsroom();
    const { close } = clients.get('articles')!;
    let title: unknown = { not: 'a text' };
    (clients as Map<string, unknown>).set('articles', {
      request: async () => ({ data: { article: { __typename: 'Article', title, author: { __typename: 'Author', id: 'a1' } } } }),
      close,
    });
    expect((await ask(WITH_AUTHOR)).errors).toMatchObject([{ extensions: { code: 'INVALID_SUBGRAPH_DATA' } }]);
    title = 'a text';
    expect((await ask(WITH_AUTHOR)).data).toEqual({ article: { title: 'a text', author: { name: 'Author 1' } } });
  });

  it('to mutations are never kept, nor is anything that they read', async () => {
    const { ask } = serveNewsroom();
    const publish = 'mutation ($title: String!) { publish(id: "x1", title: $title) { title author { name } } }';
    for (const title of ['one', 'two', 'one']) {
      const answer = await ask(publish, { variables: { title } });
      expect(answer).toMatchObject({ data: { publish: { title } }, requests: ['articles', 'authors a1'], freshness: null });
    }
    expect((await ask(WITH_AUTHOR)).requests).toEqual(['articles', 'authors a1']);
  });

  it('to mutations put the caches aside in parts as well as whole', async () => {
    const written: string[] = [];
    const { ask } = serveNewsroom({ generations: { of: () => '', wrote: (subgraphs) => void written.push(...subgraphs) } });
    const query = 'mutation { publish(id: "x1", title: "one") { title ... @defer { author { name } } } }';
    expect((await ask(query)).data).toEqual({ publish: { title: 'one', author: { name: 'Author 1' } } });
    expect(written.splice(0)).toContain('articles');
    expect((await ask(query, { acceptsIncremental: true })).data).toEqual({ publish: { title: 'one' } });
    expect(written).toContain('articles');
  });

  it('without a hint are not kept', async () => {
    const { ask } = serveNewsroom();
    for (let round = 0; round < 2; round++) expect((await ask('{ count }')).requests).toEqual(['articles']);
    expect((await ask('{ __typename }')).freshness).toBeNull();
  });

  it('are public for those whom nobody had to recognise', async () => {
    const { ask } = serveNewsroom();
    const principal: Principal = { ...READER, kind: 'ANONYMOUS' };
    expect((await ask(ARTICLE, { principal })).freshness!.isPrivate).toBe(false);
    expect((await ask('{ article(id: "x1") { mine } }', { principal })).freshness!.isPrivate).toBe(true);
  });
});

describe('entities', () => {
  it('are asked for only when they are not kept, and come back at their places', async () => {
    const { ask, titles } = serveNewsroom();
    await ask('{ latest(first: 1) { notes { text } author { name } } }');
    const query = '{ latest(first: 3) { title notes { text } author { id name } } }';
    titles.set('x4', 'Title 4');
    expect(await ask(query)).toMatchObject({
      requests: ['articles', 'authors a2'],
      data: {
        latest: [
          { author: { id: 'a1', name: 'Author 1' } },
          { author: { id: 'a1' } },
          { author: { id: 'a2', name: 'Author 2' } },
        ],
      },
    });
    expect((await ask(query)).requests).toEqual(['articles']);
  });

  it('are told apart by what is selected, the variables that it uses and the caller', async () => {
    const { ask } = serveNewsroom();
    const born =
      'query ($style: String, $first: Int) { latest(first: $first) { notes { text } author { born(style: $style) } } }';
    const asked = async (more: Parameters<typeof ask>[1]) => (await ask(born, more)).requests.includes('authors a1');
    expect(await asked({ variables: { style: 'roman', first: 1 } })).toBe(true);
    expect(await asked({ variables: { style: 'roman', first: 2 } })).toBe(false);
    expect(await asked({ variables: { style: 'plain', first: 1 } })).toBe(true);
    expect(await asked({ variables: { style: 'roman' }, principal: { ...READER, tenant: 'south' } })).toBe(true);
    expect((await ask(UNCACHED_WITH_AUTHORS)).requests).toContain('authors a1');
  });

  it('that have failed are asked for again, while the others are kept; the errors say where', async () => {
    const { ask, names } = serveNewsroom();
    const query = '{ latest(first: 3) { notes { text } author { name } } }';
    await ask('{ latest(first: 1) { notes { text } author { name } } }');
    names.set('a2', new Error('asleep'));
    const partly = await ask(query);
    expect(partly.data).toMatchObject({
      latest: [{ author: { name: 'Author 1' } }, { author: { name: 'Author 1' } }, { author: { name: null } }],
    });
    expect(partly.errors).toMatchObject([{ path: ['latest', 2, 'author', 'name'] }]);
    names.set('a2', 'Awake');
    expect((await ask(query)).requests).toEqual(['articles', 'authors a2']);
  });

  it('are answered from the cache when their subgraph is gone, and only those that are missing fail', async () => {
    const { ask, clients } = serveNewsroom();
    await ask('{ latest(first: 1) { notes { text } author { name } } }');
    (clients as Map<string, unknown>).set('authors', {
      request: () => Promise.reject(new Error('gone')),
      close: async () => undefined,
    });
    const answer = await ask('{ latest(first: 3) { notes { text } author { name } } }');
    expect(answer.data).toMatchObject({
      latest: [{ author: { name: 'Author 1' } }, { author: { name: 'Author 1' } }, { author: { name: null } }],
    });
    expect(answer.errors!.map(({ path }) => path)).toEqual([['latest', 2, 'author', 'name']]);
  });

  it('that are not there are asked for again', async () => {
    const { ask, names } = serveNewsroom();
    names.set('a1', null);
    const query = '{ latest(first: 1) { notes { text } author { name } } }';
    await ask(query);
    names.set('a1', 'Back');
    expect(await ask(query)).toMatchObject({
      data: { latest: [{ author: { name: 'Back' } }] },
      requests: ['articles', 'authors a1'],
    });
  });

  it('stay as they were kept, whatever answers are made of them', async () => {
    const { ask } = serveNewsroom();
    // One author stands at several places, is merged with what other fetches bring, and is renamed by aliases.
    const queries = [
      '{ latest(first: 3) { notes { text } author { name born } slug } a: article(id: "x1") { notes { text } author { id b: born name } } }',
      '{ latest(first: 3) { notes { text } author { name born } } }',
      '{ article(id: "x1") { notes { text } author { name born } slug } }',
    ];
    const fresh = serveNewsroom({ cache: null });
    for (let round = 0; round < 3; round++)
      for (const query of queries) expect((await ask(query)).data, query).toEqual((await fresh.ask(query)).data);
  });

  it('are counted, with those that were not there', async () => {
    const { ask, metrics } = serveNewsroom();
    await ask(WITH_AUTHOR);
    await ask(WITH_AUTHOR);
    await ask(UNCACHED_WITH_AUTHORS);
    const text = await metrics.text();
    expect(text).toContain('mesh_cache_total{kind="response",outcome="hit"} 1');
    expect(text).toContain('mesh_cache_total{kind="response",outcome="miss"} 1');
    expect(text).toContain('mesh_cache_total{kind="entity",outcome="hit"} 1');
    expect(text).toContain('mesh_cache_total{kind="entity",outcome="miss"} 1');
  });
});

describe('what is kept', () => {
  const cursor = (offset: number): string => encodeCursor({ topic: 'mesh.catalog', epoch: 'e', offsets: [offset] });

  it('is left alone while it may have changed unseen', async () => {
    const clock = (): number => 0;
    const generations = createGenerations(clock);
    const { ask } = serveNewsroom({ generations });
    for (let round = 0; round < 2; round++) expect(await ask(ARTICLE)).toMatchObject({ requests: ['articles'], freshness: null });
    generations.began(cursor(1));
    await ask(ARTICLE);
    expect((await ask(ARTICLE)).requests).toEqual([]);
    generations.lost();
    expect(await ask(ARTICLE)).toMatchObject({ requests: ['articles'], freshness: null });
  });

  it('belongs to the generation in which it was asked for, although the event comes while it is fetched', async () => {
    const cache = createMemoryCache({ clock: () => 1_000_000 });
    let generation = 'before';
    const generations = { of: () => generation, wrote: () => undefined };
    const { ask, clients, titles } = serveNewsroom({ cache, generations });
    const { request } = clients.get('articles')!;
    (clients as Map<string, unknown>).set('articles', {
      request: async (...args: Parameters<typeof request>) => {
        const old = await request(...args);
        // The change and its event, after the subgraph has read and before its answer is here.
        titles.set('x1', 'Changed');
        generation = 'after';
        return old;
      },
      close: async () => undefined,
    });
    expect((await ask(ARTICLE)).data).toEqual({ article: { id: 'x1', title: 'Title 1' } });
    expect((await ask(ARTICLE)).data).toEqual({ article: { id: 'x1', title: 'Changed' } });
  });

  it('does not matter when the cache fails: answers are the same, and failures are counted', async () => {
    const broken = {
      get: () => Promise.reject(new Error('away')),
      set: () => Promise.reject(new Error('away')),
      close: async () => undefined,
    };
    const { ask, metrics } = serveNewsroom({ cache: broken });
    for (let round = 0; round < 2; round++)
      expect(await ask(WITH_AUTHOR)).toMatchObject({
        data: { article: { title: 'Title 1', author: { name: 'Author 1' } } },
        requests: ['articles', 'authors a1'],
      });
    expect(await metrics.text()).toMatch(/mesh_cache_total\{kind="response",outcome="error"\} [1-9]/);
  });

  it.each([['nothing'], ['9999999999999 {"article": '], ['9999999999999 "text"'], ['1 {"article":{"title":"old"}}'], ['']])(
    'does not matter when it is %j, which nobody has written',
    async (text) => {
      const strange = {
        get: async (keys: readonly string[]) => keys.map(() => text),
        set: async () => undefined,
        close: async () => undefined,
      };
      const { ask } = serveNewsroom({ cache: strange });
      expect((await ask(WITH_AUTHOR)).data).toEqual({ article: { title: 'Title 1', author: { name: 'Author 1' } } });
    },
  );
});
