import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { packageRoot } from '../../subgraphs/shared/packageRoot.js';
import { profiles } from './generate/profiles.js';
import { BUGS } from './planted/bugs.js';
import { readOptions } from './readOptions.js';
import { runProfile } from './runProfile.js';
import type { StartOurs } from './support/runOurs.js';

/** No more than generated1 and generated2 make without a bug, and find nothing in. */
const CASES = 200;

/** A generator that finds nothing proves nothing. */
it.each(BUGS)(
  'finds a planted bug: $name',
  async ({ name, file, caughtBy }) => {
    expect(existsSync(`${packageRoot}/${file}`)).toBe(true);
    const adapter = `./support/runOurs.ts?planted=${encodeURIComponent(name)}`;
    const { startOurs } = (await import(/* @vite-ignore */ adapter)) as { startOurs: StartOurs };
    const { seed } = readOptions();
    let cases = 0;
    for (const profile of caughtBy.map((wanted) => profiles.find((each) => each.name === wanted)!)) {
      const tally = await runProfile(profile, { seed, cases: CASES, startOurs });
      cases += tally.cases;
      if (!tally.difference) continue;
      console.log(`${name}: found by ${profile.name} after ${cases} cases`);
      return;
    }
    expect.unreachable(`${name} was not found in ${cases} cases`);
  },
  120_000,
);
