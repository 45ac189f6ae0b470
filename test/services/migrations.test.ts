import { expect, it } from 'vitest';
import { SUBGRAPH_NAMES } from '../../subgraphs/shared/names.js';
import { openPostgres } from '../../subgraphs/shared/database/openPostgres.js';
import { createDatabase } from '../support/fiveProcesses.js';
import { startMeshProcess } from '../support/meshProcess.js';

it('lets two processes of each subgraph start together on an empty database', async () => {
  const { url, drop } = await createDatabase();
  const env = { DATABASE_URL: url, MESH_INTERNAL_KEY: 'k'.repeat(32) };
  const processes = SUBGRAPH_NAMES.flatMap((name) => [0, 1].map(() => startMeshProcess(['subgraph', name, '--port', '0'], env)));
  try {
    await Promise.all(processes.map((process) => process.printed(/ready at/)));
    const database = await openPostgres({ url });
    for (const name of SUBGRAPH_NAMES) {
      const { rows } = await database.query<{ name: string }>(`select name from ${name}.migration order by name`);
      expect(rows.length).toBeGreaterThan(0);
      expect(new Set(rows.map((row) => row.name)).size).toBe(rows.length);
    }
    await database.close();
    expect(await Promise.all(processes.map((process) => process.stop()))).toEqual(processes.map(() => 0));
  } finally {
    for (const process of processes) process.child.kill('SIGKILL');
    await drop();
  }
});
