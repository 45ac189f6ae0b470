import MiniSearch from 'minisearch';
import type { Passage } from './Passage.js';
import { readmePassages } from './readmePassages.js';
import { schemaPassages } from './schemaPassages.js';
import { synonymsOf } from './synonyms.js';
import { stem, termsOf, toTerm, wordsOf } from './terms.js';

export interface FoundPassage extends Passage {
  /** Compares passages of one search. */
  readonly score: number;
  /** How much of the question it holds, 0 to 1; rare words weigh more. Compares with other questions too. */
  readonly covered: number;
  /** The terms of the question that it holds. */
  readonly held: ReadonlySet<string>;
}

export interface SearchOptions {
  readonly limit: number;
  /** Whether other words for the same thing count, and words that differ in a letter. */
  readonly isBroad: boolean;
}

export interface KnowledgeBase {
  /** Best first. */
  search(question: string, options: SearchOptions): FoundPassage[];
}

let built: KnowledgeBase | undefined;

/** The project's own documentation: README.md and the SDL's descriptions. */
export function documentation(): KnowledgeBase {
  return (built ??= createKnowledgeBase([...readmePassages(), ...schemaPassages()]));
}

type Indexed = Passage & { readonly id: number };

/** What counts instead of the very word. */
const SYNONYM = 0.7;
const NEAR = 0.6;
/** Passages that the index hands over to be ranked. */
const CANDIDATES = 60;

export function createKnowledgeBase(passages: readonly Passage[]): KnowledgeBase {
  const indexed = passages.map((passage, id): Indexed => ({ ...passage, id }));
  const terms = indexed.map(({ name, heading, text, context }) => termsOf([name, heading, text, context].join(' ')));
  const frequency = new Map<string, number>();
  for (const held of terms) for (const term of held) frequency.set(term, (frequency.get(term) ?? 0) + 1);
  const rarity = (term: string): number => Math.log(1 + indexed.length / ((frequency.get(term) ?? 0) + 0.5));

  const index = new MiniSearch<Indexed>({
    fields: ['name', 'heading', 'text', 'context'],
    tokenize: wordsOf,
    processTerm: toTerm,
    searchOptions: {
      boost: { name: 1.3, heading: 1.3, text: 1, context: 0.4 },
      combineWith: 'OR',
      // Each term is one of the index's already.
      tokenize: (query) => query.split(' '),
      processTerm: (term) => term,
    },
  });
  index.addAll(indexed);

  return {
    search: (question, { limit, isBroad }) => {
      const asked = [...termsOf(question)];
      const whole = asked.reduce((sum, term) => sum + rarity(term), 0);
      const meant = asked.map((term) => ({ term, ways: isBroad ? waysToSay(term, frequency) : new Map([[term, 1]]) }));
      const shareOf = (terms: readonly string[]): number =>
        asked.filter((term) => terms.includes(term)).reduce((sum, term) => sum + rarity(term), 0) / Math.max(whole, 1);
      const ways = new Map(meant.flatMap(({ ways }) => [...ways].reverse()));
      const found = index.search([...ways.keys()].join(' '), { boostTerm: (term) => ways.get(term) ?? 1 }).slice(0, CANDIDATES);
      return found
        .map(({ id, score }): FoundPassage => {
          const passage = indexed[id as number]!;
          const held = new Set<string>();
          let weight = 0;
          for (const { term, ways } of meant) {
            const best = Math.max(0, ...[...ways].map(([way, worth]) => (terms[passage.id]!.has(way) ? worth : 0)));
            if (best > 0) held.add(term);
            weight += best * rarity(term);
          }
          const covered = whole === 0 ? 0 : weight / whole;
          // Who holds more of the question comes first, whatever one rare word weighs.
          return {
            ...passage,
            covered,
            held,
            score: score * covered ** 2 * passage.weight * named(passage, question, shareOf) * fitness(passage, question, asked),
          };
        })
        .sort((a, b) => b.score - a.score)
        .slice(0, limit);
    },
  };
}

/** What bears the very name that was asked for explains it best: up to four times, when the name is all that was asked for. */
function named({ name }: Passage, question: string, shareOf: (terms: readonly string[]) => number): number {
  if (name === null || (name.startsWith('@') && !/@|directive/i.test(question))) return 1;
  // The last part of `Task.taskClass`, as words; what follows a command's or directive's name is not its name.
  const words = nameWords(name.replace(/[\s([<].*$/s, '').replace(/^.*\./s, ''));
  const said = new Set(nameWords(question));
  return words.length > 0 && words.every((word) => said.has(word)) ? 1 + 3 * shareOf(words) : 1;
}

function nameWords(text: string): string[] {
  return (text.replace(/([a-z])([A-Z])/g, '$1 $2').match(/[\p{L}\p{N}]+/gu) ?? []).map((word) => stem(word.toLowerCase()));
}

const SAYS_HALF = 1;
const FITS = 1.4;

/** Whether it can be an answer at all: it says more than the question did, has a number when one is asked for, or shows what to do. */
function fitness({ name, text }: Passage, question: string, asked: readonly string[]): number {
  // The status of an error is no quantity.
  const said = text.slice(name === null ? 0 : name.length).replace(/HTTP: \d+/, '');
  const more = [...termsOf(said)].filter((term) => !asked.includes(term)).length;
  const wantsNumber = /\b(?:how (?:long|many|much|large|big|often|deep|fast)|which (?:port|version)s?)\b/i.test(question);
  const wantsWay = /\bhow (?:do|can|to|should)\b|\bwhich command\b/i.test(question);
  const fits = (wantsNumber && /\d/.test(said)) || (wantsWay && /\bnpm |--\w|\n/.test(text));
  return (more / (more + SAYS_HALF)) * (fits ? FITS : 1);
}

/** A term, what else can stand for it, and how much each counts. A word that is not known at all may be misspelt. */
function waysToSay(term: string, known: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const ways = new Map([[term, 1]]);
  for (const synonym of synonymsOf(term)) ways.set(synonym, SYNONYM);
  if (!known.has(term)) for (const near of known.keys()) if (isMisspelt(term, near)) ways.set(near, NEAR);
  return ways;
}

const SHORTEST_MISSPELT = 6;

/** Whether two long words differ in one letter: another, one too many or one too few. */
function isMisspelt(given: string, known: string): boolean {
  const [short, long] = given.length < known.length ? [given, known] : [known, given];
  if (short.length < SHORTEST_MISSPELT || long.length - short.length > 1) return false;
  let at = 0;
  while (at < short.length && short[at] === long[at]) at++;
  return short.slice(short.length === long.length ? at + 1 : at) === long.slice(at + 1);
}
