import { median, quantile } from '../figures.mjs';
import { scenarios } from '../scenarios.mjs';
import { contestantsOf } from './contestants.mjs';
import { measureGateway, verify } from './measureGateway.mjs';
import { startGateway } from './startGateway.mjs';
import { withShop } from './withShop.mjs';

/**
 * Measures every gateway in every scenario: checked, warmed up, then in `rounds` rounds, each gateway once a round, so that what else
 * the machine does meets all of them; checked again. All run from the beginning on, on core 0, and only one has anything to do. One
 * that cannot start, answers wrongly or breaks down gets no figure but a `problem`. `report` is given each scenario's result as soon as it is there.
 */
export async function compareGateways({ only, scenarioNames, rounds, seconds, warmSeconds, tell, report }) {
  return withShop(async (shop) => {
    const contestants = contestantsOf(shop.files);
    const wanted = (name) => only === null || only.includes(contestants[name].family) || only.includes(name);
    const running = new Map();
    const results = [];
    try {
      for (const name of new Set(scenarioNames.flatMap((scenario) => scenarios[scenario].gateways).filter(wanted))) {
        tell(`starting ${name}`);
        running.set(name, await startOrSayWhy(contestants[name]));
      }
      for (const scenario of scenarioNames) {
        const { kind, gateways } = scenarios[scenario];
        const entrants = gateways.filter(wanted).map((name) => ({ name, ...running.get(name), rounds: [] }));
        const turn = async (entrant, work) => {
          if (entrant.problem) return;
          try {
            await work(entrant.gateway);
          } catch (error) {
            entrant.problem = entrant.gateway.problem() ?? error.message;
          }
        };
        for (const entrant of entrants)
          await turn(entrant, async (gateway) => {
            tell(`${scenario}: warming up ${entrant.name}`);
            await verify(gateway, kind);
            await measureGateway({ gateway, shop, kind, seconds: warmSeconds });
          });
        for (let round = 1; round <= rounds; round++)
          for (const entrant of entrants)
            await turn(entrant, async (gateway) => {
              tell(`${scenario}: round ${round} of ${rounds}, ${entrant.name}`);
              const { latencies, ...figures } = await measureGateway({ gateway, shop, kind, seconds });
              entrant.rounds.push({ ...figures, p50Ms: quantile(latencies, 0.5), p99Ms: quantile(latencies, 0.99) });
            });
        for (const entrant of entrants) await turn(entrant, (gateway) => verify(gateway, kind));
        results.push(resultOf(scenario, entrants));
        report(results.at(-1));
      }
      return results;
    } finally {
      await Promise.all([...running.values()].map(({ gateway }) => gateway?.stop()));
    }
  });
}

/** MESH_SHARING values that this build refuses are no failure: `ours` then runs with its default, the others have no figure yet. */
async function startOrSayWhy(contestant) {
  try {
    return { gateway: await startGateway(contestant) };
  } catch (error) {
    if (contestant.family !== 'ours' || !error.message.includes('MESH_SHARING')) return { problem: error.message };
    if (contestant.name !== 'ours') return { problem: `not yet: MESH_SHARING=${contestant.sharing} is refused` };
    const env = (port) => ({ ...contestant.env(port), MESH_SHARING: '' });
    const note = `MESH_SHARING=${contestant.sharing} is refused; measured with the default`;
    return startGateway({ ...contestant, env }).then(
      (gateway) => ({ gateway, note }),
      (again) => ({ problem: again.message }),
    );
  }
}

function resultOf(scenario, entrants) {
  const gateways = entrants.map(({ name, rounds, problem, note }) => ({
    name,
    ...(note && { note }),
    ...(problem ? { problem } : { medians: mediansOf(rounds), rounds }),
  }));
  const find = (name) => gateways.find((gateway) => gateway.name === name && gateway.rounds);
  const ratios = scenarios[scenario].targets.flatMap(({ ours, against, atLeast }) => {
    const [mine, theirs] = [find(ours), find(against)];
    return mine && theirs ? [{ ours, against, atLeast, ...ratioOf(mine.rounds, theirs.rounds) }] : [];
  });
  return { scenario, gateways, ratios };
}

function mediansOf(rounds) {
  const keys = ['perSecond', 'p50Ms', 'p99Ms', 'cpuMs', 'loadCpuMs', 'fetches'];
  const medians = Object.fromEntries(keys.map((key) => [key, median(rounds.map((round) => round[key]))]));
  return { ...medians, rssBytes: Math.max(...rounds.map(({ rssBytes }) => rssBytes)) };
}

/** Taken within each round, where both met the same machine. CPU: how much less ours needs for a request. */
function ratioOf(mine, theirs) {
  const byRate = mine.map(({ perSecond }, round) => perSecond / theirs[round].perSecond);
  const byCpu = mine.map(({ cpuMs }, round) => theirs[round].cpuMs / cpuMs);
  return { ratio: median(byRate), lowest: Math.min(...byRate), highest: Math.max(...byRate), byCpu: median(byCpu) };
}
