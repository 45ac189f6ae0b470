import { spawn, spawnSync } from 'node:child_process';

const groups = new Set();
let watching = false;

/** Runs commands only where they are there; what is missing is left out. */
export const hasTaskset = spawnSync('taskset', ['--version']).status === 0;
const hasSetpriv = spawnSync('setpriv', ['--pdeathsig', 'KILL', 'true']).status === 0;

/**
 * Spawns `command` as a group of its own, pinned to `core` (null: nowhere; also when taskset is missing), that ends whatever happens
 * to this process: on exit and on signals by us, and when we are killed by the kernel (setpriv).
 */
export function spawnOwned([command, ...args], { core, env = {}, stdio, cwd }) {
  watch();
  const words = [command, ...args];
  if (core !== null && hasTaskset) words.unshift('taskset', '-c', String(core));
  if (hasSetpriv) words.unshift('setpriv', '--pdeathsig', 'KILL');
  const child = spawn(words[0], words.slice(1), { env: { ...process.env, ...env }, stdio, cwd, detached: true });
  if (child.pid !== undefined) {
    groups.add(child.pid);
    child.once('exit', () => groups.delete(child.pid));
  }
  return child;
}

/** Ends the child's whole group: asked first, after ten seconds killed. Resolves when it is gone. */
export async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  signal(child.pid, 'SIGTERM');
  const killing = setTimeout(() => signal(child.pid, 'SIGKILL'), 10_000);
  await gone;
  clearTimeout(killing);
}

function watch() {
  if (watching) return;
  watching = true;
  process.once('exit', () => {
    for (const group of groups) signal(group, 'SIGKILL');
  });
  for (const [name, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ])
    process.once(name, () => process.exit(code));
}

function signal(group, name) {
  try {
    process.kill(-group, name);
  } catch {
    // It has ended in the meantime.
  }
}
