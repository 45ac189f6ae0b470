import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median, quantile } from '../figures.mjs';
import { load } from '../report/machine.mjs';
import { compareCaches } from './compareCaches.mjs';
import { compareGovernance } from './compareGovernance.mjs';
import { startMesh, timeStart } from './meshProcess.mjs';
import { ASK, FIVE_SUBGRAPHS, NOTHING, ONE_SUBGRAPH } from './operations.mjs';
import { reportTimes } from './reportTimes.mjs';
import { timeQueries } from './timeQueries.mjs';

/** Start-up, query times, governance and caches of the mesh itself, printed as they come. */
export async function measureMesh({ startRounds, queries, cacheRounds, tell }) {
  const folder = await mkdtemp(join(tmpdir(), 'mesh-bench-'));
  try {
    tell('the mesh: start-up');
    const fresh = [];
    const warm = [];
    for (let round = 0; round < startRounds; round++) {
      const dataDir = join(folder, `data-${round}`);
      fresh.push(await timeStart(dataDir));
      warm.push(await timeStart(dataDir));
    }
    reportTimes('ready, fresh data directory', fresh, 'ms');
    reportTimes('ready, warm data directory', warm, 'ms');
    console.log(`  warm / fresh: ${(median(warm) / median(fresh)).toFixed(2)}\n`);
    tell('the mesh: queries');
    await measureQueries(join(folder, 'data-0'), queries);
    tell('the mesh: governance');
    await compareGovernance(join(folder, 'data-0'), { rounds: cacheRounds, queries });
    tell('the mesh: caches');
    await compareCaches(join(folder, 'data-0'), { rounds: cacheRounds, queries });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Without the cache, or it would be the cache that is measured. */
async function measureQueries(dataDir, queries) {
  const mesh = await startMesh(dataDir, { MESH_CACHE: 'off' });
  try {
    await timeQueries(mesh.url, ASK, 50);
    const nothing = await timeQueries(mesh.url, NOTHING, queries);
    const five = await timeQueries(mesh.url, FIVE_SUBGRAPHS, queries);
    const one = await timeQueries(mesh.url, ONE_SUBGRAPH, queries);
    const ask = await timeQueries(mesh.url, ASK, Math.ceil(queries * 0.4));
    reportTimes('query of nothing', nothing, 'ms');
    reportTimes('query over five subgraphs', five, 'ms');
    reportTimes('query over one subgraph', one, 'ms');
    reportTimes('ask, arithmetic', ask, 'ms');
    console.log(`  five / one: ${(median(five) / median(one)).toFixed(2)}`);
    const [low, mid] = [0, 0.5].map((q) => (quantile(five, q) - quantile(nothing, q)).toFixed(2));
    console.log(`  five subgraphs without HTTP (less the query of nothing): median ${mid} ms, min ${low}`);
    console.log(`  load of the machine: ${load()}`);
  } finally {
    await mesh.stop();
  }
}
