import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ApolloGateway } from '@apollo/gateway';
import { parse, print } from 'graphql';
import { expect, it } from 'vitest';
import { send } from '../support/graphqlClient.js';
import { gatewayUrl, startMeshProcess, withFolder } from '../support/meshProcess.js';
import { withServedShop } from '../support/serveShop.js';

const OPERATIONS = [
  '{ me { id name reviews { text by { name email } of { ... on Book { pages shipping } ... on Chair { legs shipping } } } } }',
  '{ a: me { x: name(upper: true) y: name } b: me { id } a: me { bought { label } } }',
  '{ users { id friends { id name } bought { __typename label price ... on Book { pages author { name reviews { text } } } } } }',
  '{ products { id label ... on Book { reviews { id by { id email } } } ... on Chair { shipping } } nodes { label } matrix { id } }',
  '{ search { __typename ... on User { email name } ... on Book { pages } ... on Chair { legs } } nobody { id } latest { text of { __typename } } }',
  '{ stocked { id stock } heaviest { __typename label ... on Book { pages stock reserved } } products { stock } }',
  'query ($max: Int, $deep: Boolean!) { me { reviews(max: $max) { id } friends @include(if: $deep) { name } } }',
  'mutation { one: rename(id: "u1", name: "x") { name reviews { id } } two: rename(id: "u1", name: "y") { name } }',
];
const VARIABLES = { max: 1, deep: true };

it('serves a supergraph of plain subgraphs to anonymous callers, as ApolloGateway does, and tells the subgraphs nothing of the mesh', async () => {
  await withServedShop(async (shop, folder) => {
    const file = join(folder, 'supergraph.graphql');
    await writeFile(file, shop.supergraphSdl);
    const mesh = startMeshProcess(['gateway', '--supergraph', file, '--port', '0']);
    const url = await gatewayUrl(mesh);
    const apollo = new ApolloGateway({ supergraphSdl: shop.supergraphSdl, logger: silent });
    const { executor } = await apollo.load();
    for (const query of OPERATIONS) {
      const variables = query.includes('$max') ? VARIABLES : {};
      const document = parse(query);
      const theirs = await executor({
        document,
        request: { query, variables, http: { headers: new Map() } as never },
        operationName: null,
        queryHash: print(document),
        metrics: {},
        cache: undefined as never,
        overallCachePolicy: undefined as never,
        context: {},
        operation: document.definitions[0] as never,
        logger: silent,
        schema: apollo.schema!,
        source: query,
      } as never);
      const mine = await send(url, query, variables, null);
      expect(mine.errors, query).toBeUndefined();
      // Mutations of the shop remember each other: the second gateway sees more of them.
      if (!query.startsWith('mutation')) expect(mine.data, query).toEqual(JSON.parse(JSON.stringify(theirs.data)));
    }
    await apollo.stop();
    const fromMesh = [...shop.headers].filter((header) => header.startsWith('x-mesh') || header === 'authorization');
    expect(fromMesh).toEqual([]);

    await shop.stop('reviews');
    const answer = await send(url, '{ me { name reviews { text } } }', {}, null);
    expect(answer.data).toEqual({ me: { name: 'Ada', reviews: null } });
    expect(answer.errors).toMatchObject([
      { path: ['me', 'reviews'], extensions: { code: 'SUBREQUEST_FAILED', service: 'reviews' } },
    ]);
    expect(await mesh.stop()).toBe(0);
  });
});

it('composes live subgraphs, and says which one does not answer', async () => {
  await withServedShop(async (shop, folder) => {
    const file = join(folder, 'compose.yaml');
    const entries = [...shop.urls].map(([name, url]) => `  - { name: ${name}, url: "${url}" }`);
    await writeFile(file, `subgraphs:\n${entries.join('\n')}\n`);
    const mesh = startMeshProcess(['gateway', '--compose', file, '--port', '0']);
    const url = await gatewayUrl(mesh);
    expect((await send(url, '{ me { name reviews { text } } }', {}, null)).data).toMatchObject({ me: { name: 'Ada' } });
    expect(await mesh.stop()).toBe(0);

    await shop.stop('users');
    const second = startMeshProcess(['gateway', '--compose', file, '--port', '0']);
    expect(await second.exited()).toBe(1);
    expect(second.output()).toMatch(/COMPOSITION_FAILED.*users/s);
  });
});

it('refuses supergraphs and compose files that are not there or not right', async () => {
  await withFolder(async (folder) => {
    const file = join(folder, 'broken');
    await writeFile(file, 'type Query { a: Int }');
    const missing = startMeshProcess(['gateway', '--supergraph', join(folder, 'nothing'), '--port', '0']);
    expect(await missing.exited()).toBe(1);
    expect(missing.output()).toContain('INVALID_SUPERGRAPH');
    const broken = startMeshProcess(['gateway', '--supergraph', file, '--port', '0']);
    expect(await broken.exited()).toBe(1);
    expect(broken.output()).toContain('INVALID_SUPERGRAPH');
    const compose = startMeshProcess(['gateway', '--compose', file, '--port', '0']);
    expect(await compose.exited()).toBe(1);
    expect(compose.output()).toContain('INVALID_CONFIGURATION');
    const mesh = startMeshProcess(['gateway', '--port', '0'], { DATABASE_URL: 'postgres://127.0.0.1/x' });
    expect(await mesh.exited()).toBe(1);
    expect(mesh.output()).toContain('MESH_INTERNAL_KEY');
  });
});

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
