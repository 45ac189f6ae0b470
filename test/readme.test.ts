import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { errorTable } from '../gateway/cli/errorTable.js';
import { packageRoot } from '../subgraphs/shared/packageRoot.js';

const readme = readFileSync(join(packageRoot, 'README.md'), 'utf8');

it('lists every error code as it is (`npm run mesh -- errors` prints the table)', () => {
  expect(readme).toContain(errorTable());
});

it('names only scripts that exist', () => {
  const { scripts } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
  const named = [...readme.matchAll(/npm run (?:--silent )?([\w:]+)/g)].map(([, script]) => script!);
  expect(named.length).toBeGreaterThan(0);
  for (const script of named) expect(scripts).toHaveProperty(script);
});
