import { median } from '../figures.mjs';
import { startMesh } from './meshProcess.mjs';
import { ENTITIES, KEPT_WHOLE } from './operations.mjs';
import { reportTimes } from './reportTimes.mjs';
import { timeQueries } from './timeQueries.mjs';

/** The same queries on the same data with MESH_CACHE=off and =memory, in turns, so that what else the machine does meets both. */
export async function compareCaches(dataDir, { rounds, queries }) {
  const times = { off: { entities: [], whole: [] }, memory: { entities: [], whole: [] } };
  for (let round = 0; round < rounds; round++) {
    for (const cache of ['off', 'memory']) {
      const mesh = await startMesh(dataDir, { MESH_CACHE: cache });
      try {
        for (const [what, query] of Object.entries({ entities: ENTITIES, whole: KEPT_WHOLE })) {
          await timeQueries(mesh.url, query, 50);
          times[cache][what].push(...(await timeQueries(mesh.url, query, queries)));
        }
      } finally {
        await mesh.stop();
      }
    }
  }
  console.log('');
  for (const [what, name] of [
    ['entities', 'entity cache'],
    ['whole', 'response cache'],
  ]) {
    reportTimes(`${name} off`, times.off[what], 'ms');
    reportTimes(`${name} on`, times.memory[what], 'ms');
    console.log(`  off / on: ${(median(times.off[what]) / median(times.memory[what])).toFixed(2)}`);
  }
}
