import { readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import type { Plugin } from 'vite';
import { BUGS } from './bugs.js';

const QUERY = '?planted=';

/**
 * `import('./x.ts?planted=NAME')` is x.ts, and all that it imports from this repository, with the bug of that name. Each bug has modules
 * of its own beside the right ones, so one test run can hold them all. A bug whose place is gone fails its import.
 */
export function plantBugs(root: string): Plugin {
  return {
    name: 'plant-bugs',
    enforce: 'pre',
    resolveId(source, importer) {
      // From a test: vitest has made it a path from the root already.
      if (source.includes(QUERY)) return source.startsWith(root) ? source : join(root, source);
      const [importing, planted] = importer?.split(QUERY) ?? [];
      if (!importing || planted === undefined || !source.startsWith('.')) return undefined;
      return `${resolve(dirname(importing), source.replace(/\.js$/, '.ts'))}${QUERY}${planted}`;
    },
    load(id) {
      const [file, planted] = id.split(QUERY) as [string, string | undefined];
      return planted === undefined ? undefined : withBug(relative(root, file), readFileSync(file, 'utf8'), planted);
    },
  };
}

function withBug(file: string, text: string, planted: string): string {
  const bug = BUGS.find(({ name }) => encodeURIComponent(name) === planted);
  if (!bug) throw new Error(`there is no bug named ${planted}`);
  if (file !== bug.file) return text;
  const [before, after, ...more] = text.split(bug.find);
  if (after === undefined || more.length > 0) throw new Error(`${planted}: its place is not once in ${file}`);
  return before! + bug.replace + after;
}
