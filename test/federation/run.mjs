// npm run test:federation -- [--cases N] [--seed N] [--only part of a profile's name]
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { cases: { type: 'string' }, seed: { type: 'string' }, only: { type: 'string' } } });
const given = Object.entries(values).map(([name, value]) => [`FEDERATION_${name.toUpperCase()}`, value]);
const { status } = spawnSync('npx', ['vitest', 'run', '--project', 'unit', 'test/federation/generated'], {
  stdio: 'inherit',
  env: { ...process.env, ...Object.fromEntries(given) },
});
process.exit(status ?? 1);
