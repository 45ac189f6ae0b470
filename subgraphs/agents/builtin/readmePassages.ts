import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../shared/packageRoot.js';
import type { Passage } from './Passage.js';

type Block =
  | { readonly kind: 'prose'; readonly text: string }
  | { readonly kind: 'list'; readonly items: string[] }
  | { readonly kind: 'table'; readonly columns: readonly string[]; readonly rows: string[][] }
  | { readonly kind: 'code'; readonly language: string; readonly lines: string[] };

interface Section {
  readonly heading: string;
  readonly blocks: Block[];
}

/**
 * README.md in passages that can be understood alone: a paragraph with the code or the list that it leads in to, each item of a list,
 * each row of a table (and its first column as a whole).
 */
export function readmePassages(): Passage[] {
  return readSections(readFileSync(join(packageRoot, 'README.md'), 'utf8')).flatMap(sectionPassages);
}

const PROSE = 1;
const ITEM = 0.95;
const OVERVIEW = 0.6;
const DRAWING = 0.6;
const MAX_CODE = 700;

function sectionPassages({ heading, blocks }: Section): Passage[] {
  const source = `README.md, ${heading}`;
  const passage = (text: string, weight: number, name: string | null = null, context = ''): Passage => {
    return { source, name, heading, text, context, weight };
  };
  return blocks.flatMap((block, at): Passage[] => {
    const before = blocks[at - 1];
    const after = blocks[at + 1];
    switch (block.kind) {
      case 'prose':
        if (after?.kind === 'list' && block.text.endsWith(':')) return [passage(`${block.text} ${after.items.join(' ')}`, PROSE)];
        // A table's rows are told one by one.
        if (after?.kind === 'table' && block.text.endsWith(':')) return [];
        if (after?.kind === 'code') return [passage(`${block.text}\n${shortened(after.lines)}`, PROSE)];
        return [passage(block.text, PROSE)];
      case 'list': {
        const context = before?.kind === 'prose' ? before.text : '';
        return block.items.map((item) => passage(item.replace(/^\d+\. /, ''), ITEM, null, context));
      }
      case 'code':
        // With a sentence before it, it stands there.
        if (before?.kind === 'prose') return [];
        return [passage(`${heading}:\n${shortened(block.lines)}`, block.language === '' ? DRAWING : PROSE)];
      case 'table': {
        const context = [...(before?.kind === 'prose' ? [before.text] : []), ...block.columns].join(' ');
        const rows = block.rows.map((row) => passage(rowText(block.columns, row), PROSE, row[0]!, context));
        const names = block.rows.map(([first]) => first).join(', ');
        return [...rows, passage(`${heading}: ${names}`, OVERVIEW, null, context)];
      }
    }
  });
}

function shortened(lines: readonly string[]): string {
  const code = lines.join('\n');
  return code.length > MAX_CODE ? `${code.slice(0, MAX_CODE)}…` : code;
}

/** `PORT: The gateway listens on this port. (Default: 4000)` */
function rowText(columns: readonly string[], [first, ...rest]: readonly string[]): string {
  const said = rest.at(-1) ?? '';
  const aside = rest.slice(0, -1).flatMap((cell, index) => (cell === '' ? [] : [`${columns[index + 1]}: ${cell}`]));
  return `${first}: ${said}${aside.length > 0 ? ` (${aside.join(', ')})` : ''}`;
}

function readSections(markdown: string): Section[] {
  const sections: Section[] = [];
  let code: string[] | null = null;
  let joined = false;
  for (const line of markdown.split('\n')) {
    const blocks = sections.at(-1)?.blocks ?? [];
    const last = joined ? blocks.at(-1) : undefined;
    joined = true;
    if (line.startsWith('```')) {
      if (code === null) blocks.push({ kind: 'code', language: line.slice(3).trim(), lines: (code = []) });
      else code = null;
    } else if (code !== null) {
      code.push(line);
    } else if (/^#+ /.test(line)) {
      sections.push({ heading: plain(line.replace(/^#+ /, '')), blocks: [] });
    } else if (line.trim() === '' || line.startsWith('<!--')) {
      joined = false;
    } else if (line.startsWith('|')) {
      const cells = cellsOf(line);
      if (last?.kind !== 'table') blocks.push({ kind: 'table', columns: cells, rows: [] });
      else if (!/^[-\s|:]+$/.test(line)) last.rows.push(cells);
    } else if (/^\s*(?:[-*]|\d+\.) /.test(line)) {
      const item = plain(line.replace(/^\s*[-*] /, '').trim());
      if (last?.kind === 'list') last.items.push(item);
      else blocks.push({ kind: 'list', items: [item] });
    } else if (last?.kind === 'list') {
      last.items.push(`${last.items.pop()} ${plain(line)}`);
    } else if (last?.kind === 'prose') {
      blocks[blocks.length - 1] = { kind: 'prose', text: `${last.text} ${plain(line)}` };
    } else {
      blocks.push({ kind: 'prose', text: plain(line) });
    }
  }
  return sections;
}

function cellsOf(row: string): string[] {
  return row
    .trim()
    .slice(1, -1)
    .split(/(?<!\\)\|/)
    .map((cell) => plain(cell.replaceAll('\\|', '|')));
}

function plain(markdown: string): string {
  return markdown
    .replace(/\*\*|`/g, '')
    .replace(/(^|\s)\*(\S[^*]*)\*/g, '$1$2')
    .replace(/\[([^\]]+)\]\([^)]+\)/g, '$1')
    .trim();
}
