import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../../subgraphs/shared/packageRoot.js';

export type ServiceName = 'postgres' | 'redis' | 'kafka';

const run = promisify(execFile);
const script = join(packageRoot, 'deploy/local/services.sh');

/** Stops, kills or starts one of the servers that deploy/local/services.sh runs; resolves when that is done. */
export async function service(action: 'start' | 'stop' | 'kill', name: ServiceName): Promise<void> {
  if (action !== 'start') await requireOurs(name);
  await run(script, [action, name]);
}

/** A fault test on a server that this script does not run would see no fault, and prove nothing. */
async function requireOurs(name: ServiceName): Promise<void> {
  const { stdout } = await run(script, ['status']).catch((error: { stdout: string }) => error);
  if (!stdout.includes(`${name} is up`))
    throw new Error(`${name} is not run by deploy/local/services.sh, which the fault tests stop and start:\n${stdout}`);
}
