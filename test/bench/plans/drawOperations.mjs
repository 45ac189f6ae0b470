import { seededRandom } from '../seededRandom.mjs';
import { generateOperation } from '../shop/generateOperation.mjs';

/** So many are drawn for each that is taken, at most. */
const DRAWS = 200;
/** Aliases have the number in them, so that no two operations have one shape. */
const FIRST_NUMBER = 1_000_000;

/** Texts of `count` operations of different shapes that have `fetches` fetches, or one more or less, by `fetchesIn(text)`. */
export function drawOperations({ count, fetches, seed, fetchesIn }) {
  const random = seededRandom(seed);
  const texts = [];
  for (let draw = 0; texts.length < count; draw++) {
    if (draw > DRAWS * count) throw new Error(`of ${draw} operations only ${texts.length} have about ${fetches} fetches`);
    const text = generateOperation(random, FIRST_NUMBER + draw);
    if (Math.abs(fetchesIn(text) - fetches) <= 1) texts.push(text);
  }
  return texts;
}
