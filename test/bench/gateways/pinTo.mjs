import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { hasTaskset } from './endWithUs.mjs';

/** Runs `work` with this process (the load generator) on `core`, next to the subgraphs, and lets it go again. */
export async function pinTo(core, work) {
  const last = cpus().length - 1;
  if (!hasTaskset || last === 0) return work();
  pin(String(core));
  try {
    return await work();
  } finally {
    pin(`0-${last}`);
  }
}

function pin(to) {
  const { status, stderr } = spawnSync('taskset', ['-a', '-c', '-p', to, String(process.pid)], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`taskset: ${stderr.trim()}`);
}
