import { afterAll, beforeAll, expect, it } from 'vitest';
import { profiles, type Profile } from './generate/profiles.js';
import { readOptions } from './readOptions.js';
import { emptyTally, runProfile, type Tally } from './runProfile.js';
import { explainDifference } from './support/explainDifference.js';
import { startOurs } from './support/runOurs.js';

/** Of a profile's cases so many are about its feature: marked fields selected, and entities asked for at run time. */
const LEAST_SHARE_PERCENT = 30;
/** Graphs that do not compose are few. */
const MOST_DISCARDED_PERCENT = 30;
const PROGRESS_EVERY = 1_000;

/** Tests every second profile, so that two processes share them. */
export function testProfiles(part: 0 | 1): void {
  const { seed, casesEach, only } = readOptions();
  const chosen = profiles.filter(({ name }, index) => index % 2 === part && name.includes(only));
  const tallies: Tally[] = [];

  beforeAll(() => console.log(`seed ${seed}, ${casesEach} cases of each feature`));
  it.each(chosen.length > 0 ? chosen : [null])(
    'answers like one schema: $name',
    async (profile) => {
      if (!profile) return;
      let told = 0;
      const onProgress = (cases: number): void => {
        if (cases < told + PROGRESS_EVERY) return;
        told = cases;
        console.log(`${profile.name}: ${cases} of ${casesEach}`);
      };
      const tally = await runProfile(profile, { seed, cases: casesEach, startOurs, apolloPercent: 10, onProgress });
      if (tally.difference) throw new Error(await explainDifference(tally.difference, startOurs));
      tallies.push(tally);
      console.log(`${profile.name}: ${summary(tally)}`);
      expectSubstance(profile, tally, casesEach);
    },
    // A machine that others use, too.
    300_000 + casesEach * 500,
  );
  afterAll(() => console.log(`seed ${seed}: ${summary(tallies.reduce(sum, emptyTally()))}`));
}

/** No vacuous pass: there were as many cases as asked for, and they were about the feature. */
function expectSubstance({ name, share = LEAST_SHARE_PERCENT }: Profile, tally: Tally, cases: number): void {
  const { shown, graphs, discardedGraphs, plans } = tally;
  expect(tally.cases, name).toBeGreaterThanOrEqual(cases);
  expect((100 * shown) / tally.cases, `percent of the cases that show ${name}`).toBeGreaterThanOrEqual(share);
  expect(plans.size, 'distinct plans').toBeGreaterThan(Math.min(cases, 200) / 4);
  const discarded = [...discardedGraphs.values()].reduce((all, each) => all + each, 0);
  const why = [...discardedGraphs.keys()].join('\n');
  if (graphs + discarded >= 10)
    expect((100 * discarded) / (graphs + discarded), `percent of the graphs that do not compose:\n${why}`).toBeLessThanOrEqual(
      MOST_DISCARDED_PERCENT,
    );
}

function summary({
  cases,
  graphs,
  shown,
  plans,
  discardedGraphs,
  discardedOperations,
  apolloAsked,
  apolloAgreed,
}: Tally): string {
  const count = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((all, each) => all + each, 0);
  return [
    `${cases} cases on ${graphs} graphs, ${shown} of them about it, ${plans.size} distinct plans`,
    `discarded ${count(discardedGraphs)} graphs and ${discardedOperations} operations`,
    `ApolloGateway agreed in ${apolloAgreed} of ${apolloAsked}`,
  ].join('; ');
}

function sum(all: Tally, each: Tally): Tally {
  for (const [why, times] of each.discardedGraphs) all.discardedGraphs.set(why, (all.discardedGraphs.get(why) ?? 0) + times);
  for (const plan of each.plans) all.plans.add(plan);
  for (const name of ['cases', 'graphs', 'shown', 'discardedOperations', 'apolloAsked', 'apolloAgreed'] as const)
    all[name] += each[name];
  return all;
}
