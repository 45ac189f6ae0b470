import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Kind, parse, visit, type StringValueNode } from 'graphql';
import MiniSearch from 'minisearch';
import { packageRoot } from '../../shared/packageRoot.js';

/** One thing that the project's documentation says. */
export interface Passage {
  readonly id: number;
  /** Where it stands: `README.md, Settings`. */
  readonly source: string;
  readonly title: string;
  readonly text: string;
}

export interface KnowledgeBase {
  /** Best first, at most `limit`. */
  search(question: string, limit: number): (Passage & { readonly score: number })[];
}

let built: KnowledgeBase | undefined;

/** The project's own documentation: README.md (a passage for each paragraph, list item and table row) and the SDL's descriptions. */
export function documentation(): KnowledgeBase {
  return (built ??= build([...readmePassages(), ...schemaPassages()]));
}

function build(found: readonly Omit<Passage, 'id'>[]): KnowledgeBase {
  const passages = found.map((passage, id): Passage => ({ ...passage, id }));
  const index = new MiniSearch<Passage>({
    fields: ['title', 'text', 'source'],
    tokenize: wordsOf,
    processTerm: (term) => (STOP_WORDS.has(term) ? null : stem(term)),
    searchOptions: { boost: { title: 1.5, source: 0.7 }, combineWith: 'OR' },
  });
  index.addAll(passages);
  return {
    search: (question, limit) => {
      const asked = termsOf(question);
      const found = index.search(question).map(({ id, score, queryTerms }) => {
        const passage = passages[id as number]!;
        // Who holds more of the question comes first, whatever one rare word weighs.
        const covered = new Set(queryTerms).size / Math.max(1, asked.size);
        return { ...passage, score: score * covered ** 2 * weightOf(passage, asked) };
      });
      return found.sort((a, b) => b.score - a.score).slice(0, limit);
    },
  };
}

/** What bears the very name that was asked for (no mere heading) explains it best; prose explains more than a field does. */
function weightOf({ title, source }: Passage, asked: ReadonlySet<string>): number {
  const names = source.endsWith(title) ? [] : wordsOf(title).map(stem);
  const named = names.length > 0 && names.every((name) => asked.has(name)) ? 4 : 1;
  return named * (source.startsWith('README.md') ? 1.3 : 1);
}

/** The words of a text that say something, in the form that they are compared in. */
export function termsOf(text: string): ReadonlySet<string> {
  return new Set(wordsOf(text).flatMap((word) => (STOP_WORDS.has(word) ? [] : stem(word))));
}

/** `NO_ROUTE` and `costUsd` are found whole and by their parts. */
function wordsOf(text: string): string[] {
  return (text.match(/[@\p{L}\p{N}_.]*[\p{L}\p{N}_]/gu) ?? []).flatMap((word) => {
    const parts = word
      .replace(/([a-z])([A-Z])/g, '$1 $2')
      .split(/[\s_.@]+/)
      .filter((part) => part.length > 0);
    return parts.length > 1 || parts[0] !== word
      ? [word.toLowerCase(), ...parts.map((part) => part.toLowerCase())]
      : [word.toLowerCase()];
  });
}

const STOP_WORDS = new Set(
  'a an and are as at be by can do does for from has have how i in is it its me mean means my of on or that the there this to was what when where which who why will with you your'.split(
    ' ',
  ),
);

/** Only what English endings need most: plural and third person. */
function stem(term: string): string {
  return term.length > 3 && term.endsWith('s') && !term.endsWith('ss') ? term.slice(0, -1) : term;
}

function readmePassages(): Omit<Passage, 'id'>[] {
  const passages: Omit<Passage, 'id'>[] = [];
  let heading = '';
  let columns: string[] = [];
  let fenced = false;
  for (const line of readFileSync(join(packageRoot, 'README.md'), 'utf8').split('\n')) {
    if (line.startsWith('```')) fenced = !fenced;
    if (fenced || line.startsWith('```') || line.startsWith('<!--') || line.trim() === '') continue;
    if (line.startsWith('#')) {
      heading = line.replace(/^#+\s*/, '');
      columns = [];
      continue;
    }
    const source = `README.md, ${heading}`;
    if (!line.startsWith('|')) {
      columns = [];
      passages.push({ source, title: heading, text: plain(line.replace(/^\s*(?:[-*>]|\d+\.)\s+/, '')) });
      continue;
    }
    const cells = line
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) => plain(cell.replaceAll('\\|', '|')));
    if (columns.length === 0) columns = cells;
    else if (!/^[-\s|:]+$/.test(line)) passages.push({ source, title: cells[0]!, text: rowText(columns, cells) });
  }
  return passages;
}

/** `PORT: The gateway listens on this port. (Default: 4000)` */
function rowText(columns: readonly string[], [first, ...rest]: readonly string[]): string {
  const said = rest.at(-1) ?? '';
  const aside = rest.slice(0, -1).flatMap((cell, index) => (cell === '' ? [] : [`${columns[index + 1]}: ${cell}`]));
  return `${first}: ${said}${aside.length > 0 ? ` (${aside.join(', ')})` : ''}`;
}

function plain(markdown: string): string {
  return markdown
    .replace(/\*\*|`/g, '')
    .replace(/(^|\s)\*(\S[^*]*)\*/g, '$1$2')
    .replace(/\[([^\]]+)\]\([^)]+\)/g, '$1')
    .trim();
}

/** Wrappers that say nothing about what they wrap. */
const BOILERPLATE = /(?:Payload|Connection|Edge)$/;

function schemaPassages(): Omit<Passage, 'id'>[] {
  const passages: Omit<Passage, 'id'>[] = [];
  const files = readdirSync(join(packageRoot, 'schema')).filter(
    (file) => file.endsWith('.graphql') && file !== 'supergraph.graphql',
  );
  for (const file of files) {
    const names: string[] = [];
    visit(parse(readFileSync(join(packageRoot, 'schema', file), 'utf8')), {
      enter: (node) => {
        if (!('name' in node) || !node.name || !('description' in node)) return;
        const { description } = node as { description?: StringValueNode };
        names.push(`${node.kind === Kind.DIRECTIVE_DEFINITION ? '@' : ''}${node.name.value}`);
        if (!description || BOILERPLATE.test(names[0]!)) return;
        const title = names.join('.');
        passages.push({ source: `schema/${file}`, title, text: `${title}: ${description.value.replace(/\s+/g, ' ').trim()}` });
      },
      leave: (node) => {
        if ('name' in node && node.name && 'description' in node) names.pop();
      },
    });
  }
  return passages;
}
