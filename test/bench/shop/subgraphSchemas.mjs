import { buildSubgraphSchema } from '@apollo/subgraph';
import { parse } from 'graphql';
import {
  idOf,
  inStock,
  productNumbers,
  productOf,
  reviewOf,
  reviewsOfProduct,
  reviewsOfUser,
  shippingEstimate,
  userNumbers,
  userOf,
} from './data.mjs';

const LINK = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@external", "@requires", "@provides", "@shareable"])`;

const ACCOUNTS = `
  type Query { me: User user(id: ID!): User users(mark: String): [User] }
  type User @key(fields: "id") { id: ID! name: String username: String @shareable birthday: Int }
`;

const PRODUCTS = `
  type Query { topProducts(first: Int = 5, mark: String): [Product] }
  type Product @key(fields: "upc") { upc: String! name: String price: Int weight: Int }
`;

const REVIEWS = `
  type Review @key(fields: "id") { id: ID! body: String product: Product author: User @provides(fields: "username") }
  type User @key(fields: "id") { id: ID! username: String @external reviews: [Review] }
  type Product @key(fields: "upc") { upc: String! reviews: [Review] }
`;

const INVENTORY = `
  type Product @key(fields: "upc") {
    upc: String!
    price: Int @external
    weight: Int @external
    inStock: Boolean
    shippingEstimate: Int @requires(fields: "price weight")
  }
`;

const author = (review) => ({ id: review.authorId, username: userOf(review.authorId).username });

/** By name: the fields in SDL, and what resolves them. */
const SUBGRAPHS = {
  accounts: {
    sdl: ACCOUNTS,
    resolvers: {
      Query: {
        me: () => userOf('1'),
        user: (_, { id }) => userOf(id),
        users: (_, { mark }) => userNumbers.map((number) => userOf(idOf(mark, number))),
      },
      User: { __resolveReference: async ({ id }) => userOf(id) },
    },
  },
  inventory: {
    sdl: INVENTORY,
    resolvers: {
      Product: {
        __resolveReference: async (reference) => reference,
        inStock: ({ upc }) => inStock(upc),
        shippingEstimate: (product) => shippingEstimate(product),
      },
    },
  },
  products: {
    sdl: PRODUCTS,
    resolvers: {
      Query: {
        topProducts: (_, { first, mark }) => productNumbers.slice(0, first).map((number) => productOf(idOf(mark, number))),
      },
      Product: { __resolveReference: async ({ upc }) => productOf(upc) },
    },
  },
  reviews: {
    sdl: REVIEWS,
    resolvers: {
      Review: {
        __resolveReference: async ({ id }) => reviewOf(id),
        product: ({ upc }) => ({ upc }),
        author,
      },
      User: {
        __resolveReference: async ({ id }) => ({ id, username: userOf(id)?.username }),
        reviews: ({ id }) => reviewsOfUser(id),
      },
      Product: { __resolveReference: async ({ upc }) => ({ upc }), reviews: ({ upc }) => reviewsOfProduct(upc) },
    },
  },
};

export const subgraphNames = Object.keys(SUBGRAPHS);

/** Federation 2. */
export function sdlOf(name) {
  return `${LINK}\n${SUBGRAPHS[name].sdl}`;
}

/** The same in the words of Federation 1, for a gateway that knows no other. */
export function federation1SdlOf(name) {
  const sdl = SUBGRAPHS[name].sdl.replace('type Query', 'extend type Query').replace(' @shareable', '');
  if (name === 'accounts' || name === 'products') return sdl;
  return sdl
    .replaceAll(/type (User|Product) /g, 'extend type $1 ')
    .replaceAll('{ id: ID! username', '{ id: ID! @external username')
    .replaceAll('upc: String!', 'upc: String! @external');
}

export function executableSchemaOf(name) {
  return buildSubgraphSchema({ typeDefs: parse(sdlOf(name)), resolvers: SUBGRAPHS[name].resolvers });
}
