import { meshContract } from '../support/meshContract.js';
import { startWholeMesh } from '../support/meshProcess.js';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

meshContract(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mesh-test-'));
  const mesh = await startWholeMesh(folder);
  return {
    url: mesh.url,
    close: async () => {
      await mesh.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
});
