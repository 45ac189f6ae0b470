import { buildSchema } from 'graphql';
import {
  idOf,
  inStock,
  productNumbers,
  productOf,
  reviewsOfProduct,
  reviewsOfUser,
  shippingEstimate,
  userNumbers,
  userOf,
} from './data.mjs';
import { executeText } from './createAnswers.mjs';

const schema = buildSchema(`
  type Query { me: User user(id: ID!): User users(mark: String): [User] topProducts(first: Int = 5, mark: String): [Product] }
  type User { id: ID! name: String username: String birthday: Int reviews: [Review] }
  type Product { upc: String! name: String price: Int weight: Int inStock: Boolean shippingEstimate: Int reviews: [Review] }
  type Review { id: ID! body: String product: Product author: User }
`);

function resolve(type, field, resolver) {
  schema.getType(type).getFields()[field].resolve = resolver;
}

resolve('Query', 'me', () => userOf('1'));
resolve('Query', 'user', (_, { id }) => userOf(id));
resolve('Query', 'users', (_, { mark }) => userNumbers.map((number) => userOf(idOf(mark, number))));
resolve('Query', 'topProducts', (_, { first, mark }) =>
  productNumbers.slice(0, first).map((number) => productOf(idOf(mark, number))),
);
resolve('User', 'reviews', ({ id }) => reviewsOfUser(id));
resolve('Product', 'reviews', ({ upc }) => reviewsOfProduct(upc));
resolve('Product', 'inStock', ({ upc }) => inStock(upc));
resolve('Product', 'shippingEstimate', (product) => shippingEstimate(product));
resolve('Review', 'product', ({ upc }) => productOf(upc));
resolve('Review', 'author', ({ authorId }) => userOf(authorId));

/** What every gateway must answer: one schema without subgraphs, run by graphql-js. Throws when there is an error. */
export async function expectedData(request) {
  const { data, errors } = await executeText(schema, request);
  if (errors) throw new Error(`The benchmark's own operation is wrong: ${errors.map(String).join('; ')}`);
  return JSON.parse(JSON.stringify(data));
}
