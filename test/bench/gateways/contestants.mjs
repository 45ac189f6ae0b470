import { fileURLToPath } from 'node:url';
import { peersFolder } from './installPeers.mjs';

const cli = fileURLToPath(new URL('../../../dist/gateway/cli.js', import.meta.url));
/**
 * For all of them: with V8's own young generation of 16 MB what is under way in fifty requests outlives it, and the garbage collector takes
 * a third of the time. The image of this project starts with these flags.
 */
const NODE = [process.execPath, '--max-semi-space-size=32', '--min-semi-space-size=16'];

const ceiling = fileURLToPath(new URL('ceiling.mjs', import.meta.url));

/**
 * How each gateway is started, by name. `family` is what `--only` takes. `files` are the supergraph, the services of
 * Federation 1 and the answer to the operation that is always the same.
 * `sharing`: operation (whole operations in flight and what is below), subgraph (only requests to subgraphs), off; gateways without
 * such a setting have none.
 */
export function contestantsOf(files) {
  return Object.fromEntries(
    [
      ours('ours', 'operation', files),
      ours('ours-subgraph', 'subgraph', files),
      ours('ours-off', 'off', files),
      hive('hive-runtime', 'operation', true, files),
      hive('hive-runtime-subgraph', 'subgraph', true, files),
      hive('hive-runtime-off', 'off', true, files),
      hive('hive', 'operation', false, files),
      hive('hive-subgraph', 'subgraph', false, files),
      peer('ceiling', [ceiling, files.answer]),
      peer('apollo', ['apollo.mjs', files.supergraph]),
      peer('mercurius', ['mercurius/serve.mjs', files.services]),
    ].map((contestant) => [contestant.name, contestant]),
  );
}

/** The cache is off: it would answer from what it remembers, and none of the others has one here. */
function ours(name, sharing, { supergraph }) {
  return {
    name,
    family: 'ours',
    sharing,
    command: () => [...NODE, cli, 'gateway', '--supergraph', supergraph],
    env: (port) => ({ PORT: String(port), MESH_CACHE: 'off', MESH_SHARING: sharing }),
  };
}

function hive(name, sharing, runtime, { supergraph }) {
  const bin = 'node_modules/@graphql-hive/gateway/dist/bin.js';
  return {
    name,
    family: runtime ? 'hive-runtime' : 'hive',
    sharing,
    cwd: peersFolder,
    command: (port) => [...NODE, bin, 'supergraph', supergraph, '-c', 'hive.config.mjs', '-h', '127.0.0.1', '-p', String(port)],
    env: () => ({ BENCH_HIVE_RUNTIME: runtime ? '1' : '0', BENCH_HIVE_SHARING: sharing }),
  };
}

function peer(name, args) {
  return {
    name,
    family: name,
    cwd: peersFolder,
    command: (port) => [...NODE, ...args, String(port)],
    env: () => ({}),
  };
}
