import { describe, it } from 'vitest';
import { profiles } from './generate/profiles.js';
import { runProfile } from './runProfile.js';
import { explainDifference } from './support/explainDifference.js';
import { startOurs } from './support/runOurs.js';

const seed = Number(process.env['FEDERATION_SEED'] ?? 20_240_611);
const cases = Number(process.env['FEDERATION_CASES'] ?? 200);
const only = process.env['FEDERATION_ONLY'];

describe('answers like one schema', () => {
  it.each(profiles.filter(({ name }) => !only || name.includes(only)))(
    '$name',
    async (profile) => {
      const t = performance.now();
      const tally = await runProfile(profile, { seed, cases, startOurs, apolloPercent: 10 });
      console.log(
        profile.name,
        JSON.stringify({
          ...tally,
          plans: tally.plans.size,
          difference: !!tally.difference,
          discardedGraphs: [...tally.discardedGraphs].slice(0, 3),
        }),
        Math.round(performance.now() - t),
      );
      if (tally.difference) throw new Error(await explainDifference(tally.difference, startOurs));
    },
    120_000,
  );
});
