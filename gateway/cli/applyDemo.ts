import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { packageRoot } from '../../subgraphs/shared/packageRoot.js';
import { createMeshClient } from '../apply/meshClient.js';
import { parseMeshFile } from '../apply/meshFile.js';
import { runApply } from '../apply/runApply.js';

const FILE = 'deploy/demo/mesh.yaml';
const SEEN_MS = 5_000;

/**
 * Applies the demo fleet through the public API, unless that was done before: policies cannot be deleted, so once the file's last one is
 * there, the fleet is the user's to change. Resolves to how many entries were applied.
 */
export async function applyDemo(url: string): Promise<number> {
  const client = createMeshClient({ url, token: 'dev-admin' });
  const text = await readFile(join(packageRoot, FILE), 'utf8');
  const last = parseMeshFile(text, FILE).policies.at(-1)!.id;
  const { policy } = await client<{ policy: object | null }>('query ($id: ID!) { policy(id: $id) { id } }', { id: last });
  if (policy) return 0;
  const changes = await runApply({ text, fileName: FILE, client, dryRun: false, print: () => undefined });
  await untilRouted(client);
  return changes.filter(({ action }) => action !== 'none').length;
}

/** The gateway hears of the fleet by event, in a moment. */
async function untilRouted(client: ReturnType<typeof createMeshClient>): Promise<void> {
  const until = performance.now() + SEEN_MS;
  const query = '{ routePreview(input: { taskClass: "math.arithmetic", prompt: "1 + 1" }) { agent { id } } }';
  while (performance.now() < until) {
    const { routePreview } = await client<{ routePreview: { agent: object | null } | null }>(query);
    if (routePreview?.agent) return;
    await delay(10);
  }
}
