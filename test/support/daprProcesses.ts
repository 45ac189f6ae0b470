import { execFile, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../../subgraphs/shared/packageRoot.js';

const run = promisify(execFile);
const SCRIPT = join(packageRoot, 'deploy/local/dapr.sh');

/** A real placement service and the mesh's real sidecar, in a folder and on ports of their own. */
export interface DaprProcesses {
  /** The mesh's sidecar. */
  readonly url: string;
  readonly env: Record<string, string>;
  /** The first of ports that nobody else here uses: three for a sidecar, or one for an app. */
  ports(): number;
  /** Resolves once it takes calls from its app, which need not be there yet. */
  sidecar(appId: string, appPort: number, port: number): Promise<{ stop(signal?: NodeJS.Signals): Promise<void> }>;
  close(): Promise<void>;
}

/** Builds them first, when they are not. `apiToken` is asked for by every sidecar. */
export async function startDapr(apiToken: string): Promise<DaprProcesses> {
  const folder = await mkdtemp(join(tmpdir(), 'mesh-dapr-'));
  // Below the range from which systems give out free ports.
  const first = randomInt(2_000, 3_100) * 10;
  let next = first + 20;
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: process.env['HOME'] ?? '',
    MESH_LOCAL_DIR: folder,
    MESH_LOCAL_DAPR_PORT: String(first),
    DAPR_API_TOKEN: apiToken,
  };
  await run(SCRIPT, ['build'], { timeout: 840_000 });
  await run(SCRIPT, ['up'], { env, timeout: 60_000 });
  const opened = new Set<() => Promise<void>>();

  const sidecar: DaprProcesses['sidecar'] = async (appId, appPort, port) => {
    const child = spawn(SCRIPT, ['sidecar', appId, String(appPort), String(port)], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const exit = once(child, 'close');
    const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => {
      opened.delete(stop);
      child.kill(signal);
      await exit;
    };
    opened.add(stop);
    while (!(await isWell(`http://127.0.0.1:${port}/v1.0/healthz/outbound`, apiToken))) {
      if (child.exitCode !== null) throw new Error(`the sidecar of ${appId} ended:\n${text}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return { stop };
  };

  return {
    url: `http://127.0.0.1:${first}`,
    env,
    ports: () => (next += 3) - 3,
    sidecar,
    close: async () => {
      for (const stop of opened) await stop();
      await run(SCRIPT, ['down'], { env });
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function isWell(url: string, apiToken: string): Promise<boolean> {
  const headers = { 'dapr-api-token': apiToken };
  return fetch(url, { headers, signal: AbortSignal.timeout(1_000) }).then(
    ({ ok }) => ok,
    () => false,
  );
}
