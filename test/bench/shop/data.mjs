/**
 * The data that all four subgraphs share. Numbers and relations are those of the public gateway benchmark (6 users, 9 products, 11
 * reviews; every author is the first user and every user has the first two reviews), so that figures can be compared; the texts are
 * our own, and as long as it takes for answers of about 88 KB.
 *
 * A mark makes data of its own: ids and texts of `users(mark: "1000042")` all have the mark in them, down to the last leaf.
 */
const NAMES = ['Ada Winter', 'Ben Summer', 'Cleo Spring', 'Dina Autumn', 'Emil Dawn', 'Fay Dusk'];

const GOODS = [
  ['Desk', 899, 100],
  ['Sofa', 1299, 1000],
  ['Chair', 54, 50],
  ['Bookcase', 220, 450],
  ['Lamp', 39, 8],
  ['Carpet', 310, 120],
  ['Mirror', 95, 60],
  ['Wardrobe', 1490, 900],
  ['Clock', 25, 3],
];

const SENTENCES = [
  'It arrived two days early, in one piece, and who carried it up four flights of stairs was still friendly at the top.',
  'The colour is a little darker than the picture says, which suits the room better than what I had wanted.',
  'One of the screws was missing, the shop sent twenty, and nineteen of them now hold other things together.',
  'After a year of daily use there is not a scratch on it, though the cat has done what cats do to everything.',
];

/** Sentences of each review, and the number of the product it is about. */
const REVIEWS = [
  [4, 1],
  [3, 1],
  [2, 1],
  [1, 1],
  [4, 2],
  [3, 2],
  [2, 2],
  [1, 2],
  [1, 3],
  [1, 4],
  [4, 4],
];

export const userNumbers = NAMES.map((_, at) => at + 1);
export const productNumbers = GOODS.map((_, at) => at + 1);

export function idOf(mark, number) {
  return mark ? `${mark}-${number}` : String(number);
}

/** The mark ('' when there is none) and the number of an id. */
export function readId(id) {
  const at = id.indexOf('-');
  return at < 0 ? { mark: '', number: Number(id) } : { mark: id.slice(0, at), number: Number(id.slice(at + 1)) };
}

export function userOf(id) {
  const { mark, number } = readId(id);
  const name = NAMES[number - 1];
  if (name === undefined) return null;
  return { id, name: marked(name, mark), username: marked(name.split(' ')[0].toLowerCase(), mark), birthday: 1_000 + number };
}

export function productOf(upc) {
  const { mark, number } = readId(upc);
  const [name, price, weight] = GOODS[number - 1] ?? [];
  return name === undefined ? null : { upc, name: marked(name, mark), price, weight };
}

export function reviewOf(id) {
  const { mark, number } = readId(id);
  const [sentences, product] = REVIEWS[number - 1] ?? [];
  if (sentences === undefined) return null;
  return { id, body: marked(SENTENCES.slice(0, sentences).join(' '), mark), upc: idOf(mark, product), authorId: idOf(mark, 1) };
}

export function reviewsOfUser(id) {
  const { mark } = readId(id);
  return [1, 2].map((number) => reviewOf(idOf(mark, number)));
}

export function reviewsOfProduct(upc) {
  const { mark } = readId(upc);
  return REVIEWS.map((_, at) => reviewOf(idOf(mark, at + 1))).filter((review) => review.upc === upc);
}

export function inStock(upc) {
  return readId(upc).number % 3 !== 0;
}

export function shippingEstimate({ price, weight }) {
  return price > 1000 ? 0 : Math.trunc(weight / 2);
}

function marked(text, mark) {
  return mark ? `${text} ${mark}` : text;
}
