/** The operation of the public gateway benchmark. `root` names the operation and declares variables; the rest are arguments. */
function nested({ root = 'query Nested', users = '', topProducts = '' } = {}) {
  return `${root} {
  users${users} {
    ...User
    reviews {
      ...Review
      product {
        ...Product
        reviews { ...Review author { ...User reviews { ...Review product { ...Product } } } }
      }
    }
  }
  topProducts${topProducts} {
    ...Product
    reviews { ...Review author { ...User reviews { ...Review product { ...Product } } } }
  }
}
fragment User on User { id username name }
fragment Review on Review { id body }
fragment Product on Product { inStock name price shippingEstimate upc weight }
`;
}

const SAME = nested();
const VARIABLE = nested({ root: 'query Nested($first: Int!)', topProducts: '(first: $first)' });
const DISTINCT = nested({ root: 'query Nested($mark: String!)', users: '(mark: $mark)', topProducts: '(mark: $mark)' });

/**
 * What differs between requests is always one number of exactly seven digits. The load generator overwrites it in place, and the
 * subgraphs find what they have answered before by taking it out.
 */
export const NUMBER_WIDTH = 7;
export const SOME_NUMBER = 1_000_000;

/** Bodies of requests as objects, by kind; each is given its number. */
export const requestKinds = {
  same: () => ({ query: SAME }),
  /**
   * `first` asks for more products than there are: the answer is always the same. One subgraph request (the first of products) has
   * the variable in it and cannot be shared; the others are the same for all, as in the public figures.
   */
  variable: (number) => ({ query: VARIABLE, variables: { first: number } }),
  text: (number) => ({ query: SAME.replace('Nested', `Nested${number}`) }),
  /** Every id and text of the answer has the mark in it: no two subgraph requests are the same. */
  distinct: (number) => ({ query: DISTINCT, variables: { mark: String(number) } }),
};
