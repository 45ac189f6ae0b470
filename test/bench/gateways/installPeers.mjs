import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { spawnOwned } from './endWithUs.mjs';

export const peersFolder = fileURLToPath(new URL('../peers', import.meta.url));
const FOLDERS = [peersFolder, join(peersFolder, 'mercurius')];

/** Installs the other gateways into folders of their own, as their lockfiles say, unless that has been done. Throws when npm fails. */
export async function installPeers(tell) {
  for (const folder of FOLDERS) {
    if (isInstalled(folder)) continue;
    tell(`installing other gateways into ${relative(process.cwd(), folder)} (700 MB in all, once)`);
    // Some of their dependencies ask for a newer Node than they do themselves, and run without it: warnings say nothing here.
    const args = ['npm', 'ci', '--no-fund', '--no-audit', '--loglevel=error'];
    const npm = spawnOwned(args, { core: null, cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
    const code = await new Promise((resolve, reject) => {
      npm.once('error', reject);
      npm.once('exit', resolve);
    });
    if (code !== 0) throw new Error(`npm ci in ${folder} ended with ${code}`);
  }
}

/** Name and version of each package, as pinned. */
export function peerVersions() {
  return Object.assign(
    {},
    ...FOLDERS.toReversed().map((folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).dependencies),
  );
}

function isInstalled(folder) {
  const installed = join(folder, 'node_modules/.package-lock.json');
  return existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(folder, 'package-lock.json')).mtimeMs;
}
