const MOST_DEPTH = 5;

const TYPES = {
  User: { leaves: ['id', 'name', 'username', 'birthday'], branches: { reviews: 'Review' } },
  Review: { leaves: ['id', 'body'], branches: { product: 'Product', author: 'User' } },
  Product: { leaves: ['upc', 'name', 'price', 'weight', 'inStock', 'shippingEstimate'], branches: { reviews: 'Review' } },
};

const ROOTS = [
  ['users', 'User'],
  ['topProducts', 'Product'],
  ['me', 'User'],
];

/**
 * The text of a query of random shape: fields, aliases and depth by `random` (0 to 1). Aliases have the number in them, so that texts
 * with different numbers differ even when their shapes do not.
 */
export function generateOperation(random, number) {
  const roots = ROOTS.filter(() => random() < 0.6);
  const chosen = roots.length > 0 ? roots : [ROOTS[0]];
  return `query Q${number} { ${chosen.map(([field, type]) => `r${number}_${field}: ${field} ${selection(random, type, 1)}`).join(' ')} }`;
}

function selection(random, type, depth) {
  const { leaves, branches } = TYPES[type];
  const fields = leaves
    .filter(() => random() < 0.5)
    .map((leaf) => (random() < 0.2 ? `${leaf}${Math.floor(random() * 1_000)}: ${leaf}` : leaf));
  if (depth < MOST_DEPTH)
    for (const [branch, target] of Object.entries(branches))
      if (random() < 0.5) fields.push(`${branch} ${selection(random, target, depth + 1)}`);
  return `{ ${fields.length > 0 ? fields.join(' ') : '__typename'} }`;
}
