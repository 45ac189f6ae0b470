import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { end, spawnOwned } from './endWithUs.mjs';
import { postJson } from './postJson.mjs';

const READY_WITHIN_MS = 60_000;
const KEPT_OUTPUT = 20_000;

/**
 * Starts a gateway on a free port of core 0 and waits until it answers. `command` is given the port. Throws when it ends before, with
 * the end of what it said.
 */
export async function startGateway({ command, env, cwd, probe = false }) {
  const port = await freePort();
  const stdio = ['ignore', 'pipe', 'pipe', ...(probe ? ['ipc'] : [])];
  const child = spawnOwned(command(port), { core: 0, env: { NODE_ENV: 'production', ...env(port) }, stdio, cwd });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      said = (said + chunk).slice(-KEPT_OUTPUT);
    });
  let ended = null;
  child.once('error', (error) => (ended = error.message));
  child.once('exit', (code, signal) => (ended = `ended with ${signal ?? code}`));
  const gateway = {
    url: `http://127.0.0.1:${port}/graphql`,
    pid: child.pid,
    child,
    stop: () => end(child),
    /** Null while it runs. */
    problem: () => (ended === null ? null : `${ended}: ${said.trim().slice(-600)}`),
  };
  const giveUpAt = Date.now() + READY_WITHIN_MS;
  while (ended === null && Date.now() < giveUpAt) {
    const answer = await postJson(gateway.url, { query: '{ __typename }' }).catch(() => null);
    if (answer?.status === 200) return gateway;
    await pause(50);
  }
  const problem = gateway.problem() ?? `did not answer within ${READY_WITHIN_MS / 1000} s: ${said.trim().slice(-600)}`;
  await gateway.stop();
  throw new Error(problem);
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
