import { buildSubgraphSchema } from '@apollo/subgraph';
import { composeServices } from '@apollo/composition';
import { execute, GraphQLError, parse, type GraphQLSchema } from 'graphql';
import { inProcessClient } from '../../gateway/fetch/inProcessClient.js';
import type { SubgraphClient } from '../../gateway/fetch/SubgraphClient.js';
import { loadSupergraph, type Supergraph } from '../../gateway/planner/loadSupergraph.js';

/** A small graph over four subgraphs with what makes federation hard: two keys, @requires, @interfaceObject, unions, interfaces, nulls, failures. */
const LINK = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.11",
  import: ["@key", "@shareable", "@external", "@requires", "@provides", "@inaccessible", "@interfaceObject"])\n`;

export const shopSdl = {
  users: `${LINK}
    type Query { shop: Shop @shareable me: User users: [User!]! user(id: ID!): User nobody: User }
    type Shop @shareable { name: String }
    type Mutation { rename(id: ID!, name: String!): User }
    type User @key(fields: "id") @key(fields: "email") { id: ID! email: String! name(upper: Boolean = false): String friends: [User] broken: String brokenStrict: String! query: Query }`,
  products: `${LINK}
    type Query { products(first: Int = 10): [Product] search(text: String): [Thing] nodes: [Node!]! matrix: [[Product!]] }
    interface Node { id: ID! label: String }
    union Thing = Book | Chair | User
    interface Product implements Node @key(fields: "id") { id: ID! label: String price: Int weight: Int }
    type Book implements Product & Node @key(fields: "id") { id: ID! label: String price: Int weight: Int cost(currency: String = "EUR"): Int pages: Int! author: User }
    type Chair implements Product & Node @key(fields: "id") { id: ID! label: String price: Int weight: Int legs: Int }
    type User @key(fields: "id") { id: ID! bought: [Product] }`,
  reviews: `${LINK}
    type Query { latest: Review shop: Shop @shareable }
    type Shop @shareable { motto: String broken: String }
    type User @key(fields: "email") { email: String! reviews(max: Int): [Review] email2: String @inaccessible }
    type Book @key(fields: "id") { id: ID! price: Int @external weight: Int @external shipping: Int @requires(fields: "price weight")
      cost(currency: String = "EUR"): Int @external duty: Int @requires(fields: "cost(currency: \\"USD\\")")
      toll: Int @requires(fields: "cost(currency: \\"GBP\\")") reviews: [Review!] }
    type Chair @key(fields: "id") { id: ID! price: Int @external shipping: Int @requires(fields: "price") }
    type Review { id: ID! text: String by: User of: Subject }
    union Subject = Book | Chair`,
  stock: `${LINK}
    type Query { stocked: [Product] heaviest: Product }
    type Product @key(fields: "id") @interfaceObject { id: ID! stock: Int reserved: Int! }`,
};

export interface Shop {
  readonly supergraph: Supergraph;
  readonly supergraphSdl: string;
  readonly schemas: Readonly<Record<string, GraphQLSchema>>;
  readonly clients: ReadonlyMap<string, SubgraphClient>;
  readonly rootValue: object;
}

type Item = Record<string, unknown>;

/** One graph of plain objects. The subgraphs and the monolith read the same objects through the same default resolvers. */
export function makeShop(): Shop {
  const data = makeData();
  const composed = composeServices(
    Object.entries(shopSdl).map(([name, sdl]) => ({ name, url: `http://${name}.invalid`, typeDefs: parse(sdl) })),
  );
  if (!composed.supergraphSdl) throw new Error(composed.errors!.map(({ message }) => message).join('\n'));
  const byKey = async (reference: Item): Promise<Item | null> => {
    const found = data.all.find(
      (item) =>
        (reference['__typename'] === 'Product' ? 'price' in item : item['__typename'] === reference['__typename']) &&
        ['id', 'email'].some((key) => key in reference && reference[key] === item[key]),
    );
    // What @requires brought is in the reference and wins.
    return found ? { ...found, ...reference, __typename: found['__typename'] } : null;
  };
  const typed = { __resolveType: (item: Item) => item['__typename'] };
  const resolvers = (name: string) => ({
    Query: data.query,
    ...(name === 'users' && { Mutation: data.mutation }),
    ...(name !== 'stock' && { User: { __resolveReference: byKey } }),
    ...(name === 'stock' && { Product: { __resolveReference: byKey } }),
    ...((name === 'products' || name === 'reviews') && {
      Book: { __resolveReference: byKey },
      Chair: { __resolveReference: byKey },
    }),
    ...(name === 'products' && { Node: typed, Thing: typed, Product: { ...typed, __resolveReference: byKey } }),
    ...(name === 'reviews' && { Subject: typed }),
  });
  const schemas = Object.fromEntries(
    Object.entries(shopSdl).map(([name, sdl]) => {
      const all = resolvers(name);
      const fields = new Set(
        Object.keys(
          buildSubgraphSchema({ typeDefs: parse(sdl) })
            .getQueryType()!
            .getFields(),
        ),
      );
      const Query = Object.fromEntries(Object.entries(data.query).filter(([field]) => fields.has(field)));
      return [name, buildSubgraphSchema({ typeDefs: parse(sdl), resolvers: { ...all, Query } as never })];
    }),
  );
  const clients = new Map(
    Object.entries(schemas).map(([name, schema]) => [
      name,
      inProcessClient({
        execute: async ({ query, variables }) => execute({ schema, document: parse(query), variableValues: variables ?? {} }),
      }),
    ]),
  );
  return {
    supergraph: loadSupergraph(composed.supergraphSdl),
    supergraphSdl: composed.supergraphSdl,
    schemas,
    clients,
    rootValue: { ...rootFields(data.query), ...rootFields(data.mutation) },
  };
}

type Resolver = (parent: unknown, args: Item) => unknown;

function rootFields(resolvers: Record<string, Resolver>): Record<string, (args: Item) => unknown> {
  return Object.fromEntries(Object.entries(resolvers).map(([name, resolve]) => [name, (args: Item) => resolve(null, args)]));
}

function makeData() {
  const user = (id: string, name: string | null): Item => ({
    __typename: 'User',
    id,
    email: `${id}@shop`,
    friends: null,
    bought: null,
    plainName: name,
    name({ upper }: { upper?: boolean }) {
      return upper ? name?.toUpperCase() : name;
    },
    query: () => rootFields(query),
    broken: () => {
      throw new GraphQLError(`broken ${id}`, { extensions: { code: 'BROKEN' } });
    },
    brokenStrict: () => {
      if (id === 'u2') throw new GraphQLError('very broken', { extensions: { code: 'BROKEN' } });
      return 'fine';
    },
  });
  const [ada, bob, eve] = [user('u1', 'Ada'), user('u2', null), user('u3', 'Eve')] as [Item, Item, Item];
  function shipping(this: Item): number | null {
    const { price, weight } = this as { price: number | null; weight: number | null };
    return price === null ? null : price + (this['__typename'] === 'Book' ? (weight ?? 0) : 0);
  }
  function cost(this: Item, { currency }: { currency?: string }): number | null {
    return this['price'] === null ? null : (this['price'] as number) * currency!.charCodeAt(0);
  }
  // The subgraph that has it by @requires gets the cost; in one schema it is computed.
  function duty(this: Item): unknown {
    return typeof this['cost'] === 'function' ? cost.call(this, { currency: 'USD' }) : this['cost'];
  }
  function toll(this: Item): unknown {
    return typeof this['cost'] === 'function' ? cost.call(this, { currency: 'GBP' }) : this['cost'];
  }
  const book: Item = {
    __typename: 'Book',
    id: 'b1',
    label: 'Book',
    price: 10,
    weight: 3,
    pages: 100,
    author: ada,
    shipping,
    cost,
    duty,
    toll,
    stock: 3,
    reserved: 1,
  };
  const other: Item = {
    __typename: 'Book',
    id: 'b2',
    label: null,
    price: null,
    weight: 1,
    pages: 7,
    author: null,
    shipping,
    cost,
    duty,
    toll,
    stock: null,
    reserved: 0,
  };
  const chair: Item = {
    __typename: 'Chair',
    id: 'c1',
    label: 'Chair',
    price: 50,
    weight: null,
    legs: 4,
    shipping,
    stock: 0,
    reserved: 2,
  };
  const review = (id: string, by: Item, of: Item): Item => ({ __typename: 'Review', id, text: `text ${id}`, by, of });
  const reviews = [review('r1', ada, book), review('r2', eve, chair), review('r3', ada, other)];
  book['reviews'] = reviews.filter(({ of }) => of === book);
  other['reviews'] = null;
  Object.assign(ada, { friends: [bob, null, eve], bought: [book, chair, null] });
  Object.assign(bob, { friends: [], bought: [other] });
  for (const each of [ada, bob, eve]) {
    each['reviews'] = ({ max }: { max?: number }) => reviews.filter(({ by }) => by === each).slice(0, max ?? 10);
  }
  const query: Record<string, Resolver> = {
    me: () => ada,
    users: () => [ada, bob, eve],
    user: (_, { id }) => [ada, bob, eve].find((each) => each['id'] === id) ?? null,
    nobody: () => null,
    products: (_, { first }) => [book, null, chair, other].slice(0, first as number),
    search: () => [chair, ada, null, book],
    nodes: () => [book, chair],
    matrix: () => [[book, chair], null, [], [other]],
    latest: () => reviews[2],
    shop: () => ({
      name: 'Shop',
      motto: 'All of it',
      broken: () => {
        throw new GraphQLError('broken shop', { extensions: { code: 'BROKEN' } });
      },
    }),
    stocked: () => [book, null, chair, other],
    heaviest: () => book,
  };
  const renames: string[] = [];
  const mutation: Record<string, Resolver> = {
    rename: (_, { id, name }) => {
      renames.push(`${String(id)}=${String(name)}`);
      return { ...ada, id, email: `${String(id)}@shop`, name: renames.join(' ') };
    },
  };
  return { all: [ada, bob, eve, book, other, chair] as Item[], query, mutation };
}
