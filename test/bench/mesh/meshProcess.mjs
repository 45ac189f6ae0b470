import { fileURLToPath } from 'node:url';
import { end, spawnOwned } from '../gateways/endWithUs.mjs';

const cli = fileURLToPath(new URL('../../../dist/gateway/cli.js', import.meta.url));

const ungoverned = fileURLToPath(new URL('./ungovernedMesh.mjs', import.meta.url));

/** `mesh start` on any free port, or the same without governance; resolves when it says that it is ready. */
export function startMesh(dataDir, env = {}, { isGoverned = true } = {}) {
  const child = spawnOwned([process.execPath, ...(isGoverned ? [cli, 'start'] : [ungoverned])], {
    core: null,
    env: { PORT: '0', MESH_DATA_DIR: dataDir, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  return new Promise((resolve, reject) => {
    const look = (chunk) => {
      text += chunk;
      const match = /ready at (http:\/\/[\w.:]+)/i.exec(text);
      if (match) resolve({ url: match[1], stop: () => end(child) });
    };
    child.stdout.on('data', look);
    child.stderr.on('data', look);
    child.once('close', (code) => reject(new Error(`mesh start exited with ${code}:\n${text}`)));
  });
}

/** Milliseconds until ready. */
export async function timeStart(dataDir) {
  const before = performance.now();
  const mesh = await startMesh(dataDir);
  const elapsed = performance.now() - before;
  await mesh.stop();
  return elapsed;
}
