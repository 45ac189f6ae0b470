import { createClient, type Client } from 'graphql-ws';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import WebSocket from 'ws';
import { formatUsd } from '../../subgraphs/shared/money.js';
import { createMeshClient, socketUrl } from '../apply/meshClient.js';
import { readConfig } from '../config/readConfig.js';
import { MeshError } from '../errors.js';
import { formatReplay } from '../replay/formatReplay.js';
import { pricesOf } from '../replay/prices.js';
import { modelsOf, readRecordings } from '../replay/recordings.js';
import { runReplay } from '../replay/runReplay.js';
import { createLogger } from '../telemetry/createLogger.js';
import { createLiveLine } from '../terminal/liveLine.js';
import { createLifetime, type Lifetime } from './lifetime.js';
import { readAccess, type MeshAccess } from './meshAccess.js';
import { openMesh } from './openMesh.js';
import { readNumber } from './readNumber.js';

export interface ReplayFlags {
  readonly data: string;
  readonly limit?: string;
  readonly minQuality?: string;
  /** `model=input/output` */
  readonly price?: readonly string[];
  /** A mesh that runs already; without it, the replay has one of its own, which is gone afterwards. */
  readonly url?: string;
  readonly token?: string;
}

/** `mesh replay --data FILE`: recorded answers through the real `ask`. Exits with 1 when the ledger does not add up. */
export async function replayCommand(flags: ReplayFlags): Promise<void> {
  const limit = flags.limit === undefined ? Infinity : readNumber('--limit', flags.limit, 1, 1_000_000);
  const minQuality = flags.minQuality === undefined ? null : readNumber('--min-quality', flags.minQuality, 0, 1);
  const recordings = await readRecordings(flags.data, limit);
  const prices = pricesOf(modelsOf(recordings), flags.price ?? []);

  const stopping = new AbortController();
  const stop = (): void => {
    if (stopping.signal.aborted) process.exit(1);
    stopping.abort(new MeshError('DEADLINE_EXCEEDED', 'The replay was broken off; nothing was summed up.'));
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  const lifetime = createLifetime();
  try {
    const { url, token } =
      flags.url === undefined ? await openOwnMesh(lifetime) : readAccess(flags.url, flags.token, 'dev-admin');
    const socket = await openSocket({ url, token }, lifetime);
    const where = flags.url === undefined ? 'a mesh of its own' : url;
    process.stdout.write(`${recordings.length} recorded prompts of ${flags.data}, played back to ${where}.\n`);
    const line = createLiveLine(process.stdout);
    const result = await runReplay({
      recordings,
      prices,
      client: createMeshClient({ url, ...(token !== undefined && { token }) }),
      socket,
      minQuality,
      run: flags.url === undefined ? '' : `-${Date.now().toString(36)}`,
      progress: ({ done, right, cost }) =>
        line.show(`${done} of ${recordings.length}  accuracy ${(right / done).toFixed(3)}  ${formatUsd(cost)} USD`),
      signal: stopping.signal,
    }).finally(() => line.end());
    process.stdout.write(`\n${formatReplay(result)}\n`);
    if (result.ledger !== result.counted) process.exitCode = 1;
  } finally {
    await lifetime.close();
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}

/** On embedded defaults, whatever the environment says, in a folder that goes with it; its agents may call this machine. */
async function openOwnMesh(lifetime: Lifetime): Promise<MeshAccess> {
  const folder = await lifetime.open(
    () => mkdtemp(join(tmpdir(), 'mesh-replay-')),
    (made) => rm(made, { recursive: true, force: true }),
  );
  const config = readConfig({ PORT: '0', MESH_DATA_DIR: folder, MESH_EGRESS_ALLOW: '127.0.0.1' });
  const { url } = await openMesh(config, lifetime, createLogger());
  return { url, token: 'dev-admin' };
}

function openSocket({ url, token }: MeshAccess, lifetime: Lifetime): Promise<Client> {
  return lifetime.open(
    async () =>
      createClient({
        url: socketUrl(url),
        webSocketImpl: WebSocket,
        ...(token !== undefined && { connectionParams: { authorization: `Bearer ${token}` } }),
        retryAttempts: 0,
      }),
    async (socket) => socket.dispose(),
  );
}
