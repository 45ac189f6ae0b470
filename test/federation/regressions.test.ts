import { readdirSync } from 'node:fs';
import { parse, validate } from 'graphql';
import { describe, expect, it } from 'vitest';
import { buildGraph } from './support/buildCase.js';
import type { FederationCase } from './support/FederationCase.js';
import { findDifference } from './support/findDifference.js';
import { printAnswer } from './support/printCase.js';
import { startOurs } from './support/runOurs.js';

/** Every file of `regressions/` exports one `regression`; its file name says what it is about. */
const files = readdirSync(new URL('regressions/', import.meta.url)).filter((file) => file.endsWith('.ts'));

describe('what once differed from one schema', () => {
  it.each(files)('%s', async (file) => {
    const { regression } = (await import(/* @vite-ignore */ `./regressions/${file}`)) as { regression: FederationCase };
    const built = buildGraph(regression);
    if ('problems' in built) throw new Error(built.problems.join('\n'));
    expect(validate(built.apiSchema, parse(regression.operation))).toEqual([]);
    const difference = await findDifference(built, startOurs(built), regression);
    if (difference)
      throw new Error(`${difference.what}\nexpected ${printAnswer(difference.expected)}\ngot ${printAnswer(difference.got)}`);
  });
});
