import { median } from '../figures.mjs';
import { startMesh } from './meshProcess.mjs';
import { FIVE_SUBGRAPHS, KEPT_WHOLE } from './operations.mjs';
import { reportTimes } from './reportTimes.mjs';
import { timeQueries } from './timeQueries.mjs';

const QUERIES = { 'five subgraphs': FIVE_SUBGRAPHS, 'agents and models': KEPT_WHOLE };

/** The mesh's own operations with and without governance, uncached, on the same data, in turns. */
export async function compareGovernance(dataDir, { rounds, queries }) {
  const times = Object.fromEntries(Object.keys(QUERIES).map((name) => [name, { on: [], off: [] }]));
  for (let round = 0; round < rounds; round++) {
    for (const governance of ['on', 'off']) {
      const mesh = await startMesh(dataDir, { MESH_CACHE: 'off' }, { isGoverned: governance === 'on' });
      try {
        for (const [name, query] of Object.entries(QUERIES)) {
          await timeQueries(mesh.url, query, 50);
          times[name][governance].push(...(await timeQueries(mesh.url, query, queries)));
        }
      } finally {
        await mesh.stop();
      }
    }
  }
  console.log('');
  for (const [name, { on, off }] of Object.entries(times)) {
    reportTimes(`${name}, governance off`, off, 'ms');
    reportTimes(`${name}, governance on`, on, 'ms');
    console.log(`  off / on: ${(median(off) / median(on)).toFixed(2)}`);
  }
}
