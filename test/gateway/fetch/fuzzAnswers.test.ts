import { execute, Kind, parse, type OperationDefinitionNode } from 'graphql';
import fc from 'fast-check';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { SUBGRAPH_DEFAULTS } from '../../../gateway/config/subgraphsConfig.js';
import { createSubgraphClient } from '../../../gateway/fetch/createSubgraphClient.js';
import { knownAnswers } from '../../../gateway/fetch/knownAnswers.js';
import { makeShop } from '../../support/shop.js';
import { startTestGateway, type TestGateway } from '../support/startTestGateway.js';
import { misfits } from './support/conforms.js';
import { mutations, type Mutation } from './support/mutations.js';
import { serve, type Served } from './support/serve.js';

/**
 * One of four subgraphs answers wrongly, in any way; the answers go over HTTP and through the whole gateway. Each response name tells
 * which subgraphs have the field, so what came from the others can be told apart. FUZZ_RUNS and FUZZ_SEED choose how often and which.
 */
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 200);
const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 31);

const SUBGRAPHS = { u: 'users', p: 'products', r: 'reviews', s: 'stock' } as const;
type Letter = keyof typeof SUBGRAPHS;

const OPERATION = `{
  u_other: user(id: "u2") { u_id: id u_name: name r_reviews: reviews { r_id: id r_text: text } }
  u_me: me { u_id: id u_email: email u_friends: friends { u_id: id r_reviews: reviews { r_id: id } } p_bought: bought { p_id: id s_stock: stock } }
  p_products: products { p_id: id p_label: label s_stock: stock ... on Book { p_pages: pages r_shipping: shipping } }
  r_latest: latest { r_id: id r_text: text r_by: by { u_name: name } }
  sp_heaviest: heaviest { s_id: id p_label: label }
}`;
const selections = (parse(OPERATION).definitions[0] as OperationDefinitionNode).selectionSet;

const shop = makeShop();
let mesh: TestGateway;
let served: Served;
/** What a subgraph makes of its answers just now. */
let wrong: { readonly subgraph: string; readonly mutation: Mutation; asked: number } | undefined;

beforeAll(async () => {
  served = await serve('HTTP/1.1', (request, response) => {
    const name = request.url!.slice(1);
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      void (async () => {
        const { query, variables } = JSON.parse(Buffer.concat(chunks).toString()) as { query: string; variables: object };
        const schema = shop.schemas[name]!;
        const result = await execute({ schema, document: parse(query), variableValues: { ...variables } });
        const right = JSON.parse(JSON.stringify(result)) as { data: unknown };
        if (wrong?.subgraph !== name) return response.writeHead(200).end(JSON.stringify(right));
        wrong.asked++;
        const { bytes, status } = wrong.mutation.apply(right);
        return response.writeHead(status).end(bytes);
      })();
    });
  });
  const { origin } = new URL(served.url);
  const read = knownAnswers(4_000_000);
  const settings = { ...SUBGRAPH_DEFAULTS, breaker: null };
  const clients = new Map(
    Object.values(SUBGRAPHS).map((name) => [
      name,
      createSubgraphClient({
        name,
        url: `${origin}/${name}`,
        settings,
        read,
        sharing: 'subgraph',
        clock: Date.now,
        random: Math.random,
        log: pino({ level: 'silent' }),
      }),
    ]),
  );
  mesh = await startTestGateway({ source: { sdl: shop.supergraphSdl, clients } });
});

afterAll(async () => {
  await mesh.close();
  // All clients are closed, so nothing holds a connection.
  await vi.waitFor(async () => {
    expect(await new Promise((resolve) => served.server.getConnections((_, open) => resolve(open)))).toBe(0);
  });
  await served.close();
});

interface Answer {
  readonly data: Record<string, unknown> | null;
  readonly errors?: readonly { message: unknown; path?: unknown; extensions?: { code?: unknown } }[];
}

async function ask(): Promise<Answer> {
  const response = await fetch(`${mesh.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: OPERATION }),
  });
  expect(response.status).toBe(200);
  return (await response.json()) as Answer;
}

/** Places where the answer differs from the right one though all of the subgraphs on the way there answered rightly. */
function harmed(right: unknown, given: unknown, letter: string, path: string): string[] {
  if (Array.isArray(right)) {
    if (!Array.isArray(given) || given.length !== right.length) return [path];
    return right.flatMap((item, index) => harmed(item, given[index], letter, `${path}.${index}`));
  }
  if (right === null || typeof right !== 'object') return Object.is(right, given) ? [] : [path];
  if (given === null || typeof given !== 'object') return [path];
  return Object.entries(right).flatMap(([name, value]) =>
    name.split('_')[0]!.includes(letter)
      ? []
      : harmed(value, (given as Record<string, unknown>)[name], letter, `${path}.${name}`),
  );
}

const ROOTS = selections.selections.flatMap((field) => (field.kind === Kind.FIELD ? [field.alias!.value] : []));

it(`answers with what is right, and says what is not, whatever a subgraph answers (seed ${SEED}, ${RUNS} runs)`, async () => {
  const right = await ask();
  expect(right.errors).toBeUndefined();
  expect(misfits(shop.supergraph.apiSchema, right.data, selections)).toEqual([]);

  const letters = fc.constantFrom(...(Object.keys(SUBGRAPHS) as Letter[]));
  await fc.assert(
    fc.asyncProperty(letters, mutations(), async (letter, mutation) => {
      wrong = { subgraph: SUBGRAPHS[letter], mutation, asked: 0 };
      const { data, errors = [] } = await ask();
      const { asked } = wrong;
      wrong = undefined;
      expect(misfits(shop.supergraph.apiSchema, data, selections)).toEqual([]);
      expect(harmed(right.data, data, letter, 'data')).toEqual([]);
      if (mutation.isHopeless && asked > 0) expect(errors).not.toEqual([]);
      for (const { message, path, extensions } of errors) {
        expect(message).toEqual(expect.any(String));
        expect(extensions?.code).toEqual(expect.any(String));
        expect(ROOTS).toContain((path as unknown[])[0]);
      }
      expect('polluted' in {}).toBe(false);
      // Nothing of it is left.
      expect(await ask()).toEqual(right);
    }),
    { numRuns: RUNS, seed: SEED },
  );
}, 120_000);
