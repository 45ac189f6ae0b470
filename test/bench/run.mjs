// npm run bench: how fast the gateway is, beside the others that run from npm, and how fast the mesh itself is.
//
//   npm run bench                              everything: all gateways in all scenarios, then the mesh (about 15 minutes)
//   npm run bench -- --quick                   the same with few and short rounds (about 3 minutes; for a first look)
//   npm run bench -- --only ours,hive-runtime  these gateways (ours, hive-runtime, hive, apollo, mercurius, ceiling, mesh); a name
//                                              like hive-runtime-off takes that one only
//   npm run bench -- --scenarios same,variable these scenarios (same, variable, text, sharing, distinct), and not the mesh
//   npm run bench -- --rounds 5 --seconds 4    of each gateway in each scenario
//   npm run bench -- --json FILE               also writes every round's figures
//   npm run bench -- --profile                 profiles ours under one scenario (the first of --scenarios; --only ours-off and
//                                              ours-subgraph choose what is shared) and writes bench.cpuprofile
//   npm run bench -- --memory MINUTES          distinct generated operations for that long: does memory grow?
//                                              (--seed N: other operations)
//   npm run bench -- --plans                   how long a new operation of about 11 fetches takes to plan, and what a kept one holds
//                                              (--seed N)
//
// The other gateways are installed into test/bench/peers the first time. Gateways run on core 0; the four subgraphs (test/bench/shop)
// and the load, 50 connections from this process, on core 1. Every gateway's answers are compared with those of one schema without
// subgraphs, before, under and after the load. Machines are noisy: the ratios, taken within each round, are what counts; "by CPU"
// compares the CPU time of a request, which other work on the machine disturbs least; "fetches" are requests to subgraphs per request.
// Linux only: CPU and memory come from /proc.
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { compareGateways } from './gateways/compareGateways.mjs';
import { installPeers, peerVersions } from './gateways/installPeers.mjs';
import { pinTo } from './gateways/pinTo.mjs';
import { profileOurs } from './inside/profileOurs.mjs';
import { memoryText, watchMemory } from './inside/watchMemory.mjs';
import { measureMesh } from './mesh/measureMesh.mjs';
import { plansText, timePlans } from './plans/timePlans.mjs';
import { weighOperations, weightText } from './plans/weighOperations.mjs';
import { comparisonText, targetsText } from './report/comparisonText.mjs';
import { load, machine } from './report/machine.mjs';
import { tell, tellNothing } from './report/progress.mjs';
import { scenarios } from './scenarios.mjs';

const LOAD_CORE = 1;
const PLANNED = 600;
const PROFILE_FILE = 'bench.cpuprofile';

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    scenarios: { type: 'string' },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    json: { type: 'string' },
    profile: { type: 'boolean', default: false },
    memory: { type: 'string' },
    plans: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
  },
});
const only = flags.only?.split(',') ?? null;
const GATEWAYS = new Set(['mesh', ...Object.values(scenarios).flatMap(({ gateways }) => gateways)]);
for (const name of only ?? []) if (!GATEWAYS.has(name)) fail(`There is no gateway ${name}: ${[...GATEWAYS].join(', ')}`);
const scenarioNames = flags.scenarios?.split(',') ?? Object.keys(scenarios);
for (const name of scenarioNames)
  if (!(name in scenarios)) fail(`There is no scenario ${name}: ${Object.keys(scenarios).join(', ')}`);
const rounds = positive('rounds') ?? (flags.quick ? 3 : 5);
const seconds = positive('seconds') ?? (flags.quick ? 1 : 4);
const warmSeconds = flags.quick ? 1 : 4;

const host = machine();
say(`Node ${host.node}, ${host.cores} cores, ${host.processor}`);
say(`load of the machine: ${host.load}`);
if (!host.pinned) say('taskset or a second core is missing: nothing is pinned, and figures mean less');
say('');

if (flags.memory !== undefined) {
  const watched = await pinTo(LOAD_CORE, () => watchMemory({ minutes: positive('memory'), seed: Number(flags.seed), tell }));
  say(memoryText(watched));
  await keep({ machine: host, memory: watched });
} else if (flags.plans) {
  const plans = timePlans({ count: PLANNED, seed: Number(flags.seed), tell });
  say(plansText(plans));
  const weight = await weighOperations({ texts: plans.texts.slice(-PLANNED), tell });
  say(weightText(weight));
  await keep({ machine: host, plans: { ours: plans.ours, stock: plans.stock }, weight });
} else if (flags.profile) {
  const name = only?.find((one) => one.startsWith('ours')) ?? 'ours';
  const options = { name, scenario: scenarioNames[0], seconds, warmSeconds, file: PROFILE_FILE, tell };
  say(await pinTo(LOAD_CORE, () => profileOurs(options)));
  say(`The whole profile is in ${PROFILE_FILE}.`);
} else {
  const results = only?.length === 1 && only[0] === 'mesh' ? [] : await measureGateways();
  if (flags.scenarios === undefined && (only === null || only.includes('mesh'))) {
    say('The mesh itself');
    const lengths = flags.quick
      ? { startRounds: 2, queries: 100, cacheRounds: 1 }
      : { startRounds: 5, queries: 500, cacheRounds: 3 };
    await measureMesh({ ...lengths, tell });
  }
  await keep({ machine: host, versions: peerVersions(), rounds, seconds, results });
}

async function measureGateways() {
  if (only === null || only.some((name) => !name.startsWith('ours'))) await installPeers(tell);
  const report = (result) => say(comparisonText(result));
  const options = { only, scenarioNames, rounds, seconds, warmSeconds, tell, report };
  const results = await pinTo(LOAD_CORE, () => compareGateways(options));
  say(targetsText(results));
  say(
    Object.entries(peerVersions())
      .filter(([name]) => name !== 'graphql')
      .map(([name, version]) => `${name} ${version}`)
      .join(', '),
  );
  say(`load of the machine: ${load()}\n`);
  return results;
}

async function keep(figures) {
  if (flags.json !== undefined) await writeFile(flags.json, `${JSON.stringify(figures, null, 2)}\n`);
}

function positive(name) {
  if (flags[name] === undefined) return null;
  const value = Number(flags[name]);
  if (!(value > 0)) fail(`--${name} must be a number above 0`);
  return value;
}

function say(text) {
  tellNothing();
  console.log(text);
}

function fail(message) {
  console.error(message);
  process.exit(2);
}
