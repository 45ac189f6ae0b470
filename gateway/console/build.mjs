// Bundles GraphiQL for /graphiql, but only when something that goes into the bundle has changed: a start must not rewrite the
// pages that another process is serving, nor wait for a bundler that has nothing to do.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const sources = new URL('./', import.meta.url);
const lockfile = new URL('../../package-lock.json', import.meta.url);
const stamp = new URL('../../dist/console/.built-from', import.meta.url);

const hash = createHash('sha256').update(readFileSync(lockfile));
for (const file of readdirSync(sources).sort()) hash.update(file).update(readFileSync(new URL(file, sources)));
const digest = hash.digest('hex');

if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== digest) {
  console.log('Bundling GraphiQL (only when its sources changed) …');
  await build({ configFile: fileURLToPath(new URL('./vite.config.mjs', import.meta.url)) });
  writeFileSync(stamp, digest);
}
