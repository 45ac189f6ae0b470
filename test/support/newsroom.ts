import { buildSubgraphSchema } from '@apollo/subgraph';
import { composeServices } from '@apollo/composition';
import { graphql, parse } from 'graphql';
import type { SubgraphClient } from '../../gateway/fetch/SubgraphClient.js';
import { loadSupergraph, type Supergraph } from '../../gateway/planner/loadSupergraph.js';

/** Two subgraphs of another team that use `@cacheControl`, with every kind of hint. */
const LINK = `extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key", "@shareable", "@external", "@requires", "@composeDirective", "@requiresScopes"])
  @link(url: "https://agent-mesh.dev/mesh/v1.0", import: ["@cacheControl"])
  @composeDirective(name: "@cacheControl")
directive @cacheControl(maxAge: Int, scope: String, inheritMaxAge: Boolean) on FIELD_DEFINITION | OBJECT | INTERFACE | UNION\n`;

export const newsroomSdl = {
  articles: `${LINK}
    type Query {
      article(id: ID!): Article @cacheControl(maxAge: 60)
      latest(first: Int = 2): [Article] @cacheControl(maxAge: 30)
      plain: Article
      count: Int
      counted: Int @cacheControl(maxAge: 5)
      viewer: Reader @cacheControl(maxAge: 40, scope: "PRIVATE")
      anything: [Thing] @cacheControl(maxAge: 50)
      spread: Page @cacheControl(maxAge: 20)
    }
    type Mutation { publish(id: ID!, title: String!): Article }
    type Article @key(fields: "id") @cacheControl(maxAge: 90) {
      id: ID! title: String
      teaser: String @cacheControl(maxAge: 10)
      author: Author
      body: Body @cacheControl(inheritMaxAge: true)
      notes: Body
      draft: String @cacheControl(maxAge: 0)
      mine: String @cacheControl(scope: "PRIVATE")
      secret: String @requiresScopes(scopes: [["articles.secret"]])
    }
    type Author @key(fields: "id") { id: ID! }
    type Body { text: String length: Int @cacheControl(maxAge: 15) }
    type Page @cacheControl(inheritMaxAge: true) { number: Int article: Article }
    type Reader @cacheControl(maxAge: 70) { name: String bookmarks: [Article] }
    type Advert { text: String }
    union Thing = Article | Advert`,
  authors: `${LINK}
    type Author @key(fields: "id") @cacheControl(maxAge: 45) { id: ID! name: String followers: Followers born(style: String): String }
    type Followers { count: Int }
    type Article @key(fields: "id") { id: ID! title: String @external slug: String @requires(fields: "title") @cacheControl(maxAge: 25) }`,
};

export interface Newsroom {
  readonly supergraph: Supergraph;
  readonly supergraphSdl: string;
  readonly clients: ReadonlyMap<string, SubgraphClient>;
  /** Subgraph requests so far: `articles`, or `authors a1 a2` with the ids that were asked for. */
  readonly requests: string[];
  /** What the subgraphs answer from; a test may change it. */
  readonly titles: Map<string, string>;
  readonly names: Map<string, string | Error | null>;
}

export function makeNewsroom(): Newsroom {
  const requests: string[] = [];
  const titles = new Map([1, 2, 3].map((n) => [`x${n}`, `Title ${n}`]));
  const names = new Map<string, string | Error | null>([1, 2].map((n) => [`a${n}`, `Author ${n}`]));
  const article = (id: string) =>
    titles.has(id)
      ? {
          __typename: 'Article',
          id,
          title: titles.get(id),
          teaser: 'in short',
          author: { __typename: 'Author', id: id === 'x3' ? 'a2' : 'a1' },
          body: { text: `of ${id}`, length: 3 },
          notes: { text: 'n' },
          draft: 'd',
          mine: 'm',
          secret: 's',
        }
      : null;
  const author = (id: string) => {
    const name = names.get(id) ?? null;
    return name === null
      ? null
      : {
          __typename: 'Author',
          id,
          name: () => {
            if (name instanceof Error) throw name;
            return name;
          },
          followers: { count: 1 },
          born: ({ style }: { style?: string }) => `${style ?? 'plain'} ${id}`,
        };
  };
  const latest = () => [...titles.keys()].map(article);
  const resolvers = {
    articles: {
      Query: {
        article: (_: unknown, { id }: { id: string }) => article(id),
        latest: (_: unknown, { first }: { first: number }) => latest().slice(0, first),
        plain: () => article('x1'),
        count: () => titles.size,
        counted: () => titles.size,
        viewer: () => ({ name: 'V', bookmarks: [article('x1')] }),
        anything: () => [article('x1'), { __typename: 'Advert', text: 'buy' }],
        spread: () => ({ number: 1, article: article('x2') }),
      },
      Mutation: {
        publish: (_: unknown, { id, title }: { id: string; title: string }) => {
          titles.set(id, title);
          return article(id);
        },
      },
      Article: { __resolveReference: async ({ id }: { id: string }) => article(id) },
      Thing: { __resolveType: ({ __typename }: { __typename: string }) => __typename },
    },
    authors: {
      Author: { __resolveReference: async ({ id }: { id: string }) => author(id) },
      Article: {
        __resolveReference: async (reference: { title?: string }) => reference,
        slug: ({ title }: { title?: string }) => title?.toLowerCase().replace(/ /g, '-') ?? null,
      },
    },
  };
  const clients = new Map<string, SubgraphClient>(
    (['articles', 'authors'] as const).map((name) => {
      const schema = buildSubgraphSchema({ typeDefs: parse(newsroomSdl[name]), resolvers: resolvers[name] as never });
      const client: SubgraphClient = {
        request: async ({ operation, variables }) => {
          const variableValues = JSON.parse(variables) as { representations?: { id: string }[] };
          const ids = (variableValues.representations ?? []).map(({ id }) => ` ${id}`);
          requests.push(`${name}${ids.join('')}`);
          const { data, errors } = await graphql({ schema, source: operation.query, variableValues });
          return {
            data: (data ?? null) as Record<string, unknown> | null,
            ...(errors && { errors: errors.map((error) => error.toJSON()) }),
          };
        },
        close: async () => undefined,
      };
      return [name, client];
    }),
  );
  const services = Object.entries(newsroomSdl).map(([name, sdl]) => ({
    name,
    url: `http://${name}.invalid`,
    typeDefs: parse(sdl),
  }));
  const { supergraphSdl, errors } = composeServices(services);
  if (!supergraphSdl) throw new Error(errors!.map(({ message }) => message).join('\n'));
  return { supergraph: loadSupergraph(supergraphSdl), supergraphSdl, clients, requests, titles, names };
}
