// npm run bench: start-up and query times of the built mesh. Medians of several rounds; machines are noisy, so compare within one run.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const cli = fileURLToPath(new URL('../../dist/gateway/cli.js', import.meta.url));
const START_ROUNDS = 5;
const QUERIES = 500;

const FIVE_SUBGRAPHS = `{
  agents(first: 4) { nodes { id name skills { name } models { id pricing { inputPerMTokUsd } } quality { samples successRate } spend { usd requests }
    decisions(first: 3) { nodes { action outcome } } } }
}`;
const ONE_SUBGRAPH = `{ agents(first: 4) { nodes { id name skills { name } } } }`;
/** Tasks are never kept, their models are. */
const ENTITIES = `{ tasks(first: 20) { nodes { id model { name pricing { inputPerMTokUsd outputPerMTokUsd } } agent { name } } } }`;
const KEPT_WHOLE = `{ agents(first: 4) { nodes { id name skills { name } models { id name pricing { inputPerMTokUsd } } } } }`;
/** What a request costs that asks for nothing: HTTP, the token, parsing. The rest is the operation's own time in the process. */
const NOTHING = `{ __typename }`;
const ASK = `{ ask(input: { taskClass: "math.arithmetic", prompt: "12 * (7 + 3)" }) { text costUsd } }`;

const folder = await mkdtemp(join(tmpdir(), 'mesh-bench-'));
try {
  console.log(`Node ${process.version}, ${cpus().length} cores, ${cpus()[0]?.model ?? 'unknown processor'}`);
  console.log(`load of the machine: ${load()}\n`);
  const fresh = [];
  const warm = [];
  for (let round = 0; round < START_ROUNDS; round++) {
    const dataDir = join(folder, `data-${round}`);
    fresh.push(await timeStart(dataDir));
    warm.push(await timeStart(dataDir));
  }
  report('ready, fresh data directory', fresh, 'ms');
  report('ready, warm data directory', warm, 'ms');
  console.log(`  warm / fresh: ${(median(warm) / median(fresh)).toFixed(2)}\n`);

  // Without the cache, or it would be the cache that is measured.
  const mesh = await start(join(folder, 'data-0'), { MESH_CACHE: 'off' });
  try {
    await measure(mesh.url, ASK, 50);
    const nothing = await measure(mesh.url, NOTHING, QUERIES);
    const five = await measure(mesh.url, FIVE_SUBGRAPHS, QUERIES);
    const one = await measure(mesh.url, ONE_SUBGRAPH, QUERIES);
    const ask = await measure(mesh.url, ASK, 200);
    report('query of nothing', nothing, 'ms');
    report('query over five subgraphs', five, 'ms');
    report('query over one subgraph', one, 'ms');
    report('ask, arithmetic', ask, 'ms');
    console.log(`  five / one: ${(median(five) / median(one)).toFixed(2)}`);
    const [low, mid] = [0, 0.5].map((q) => (quantile(five, q) - quantile(nothing, q)).toFixed(2));
    console.log(`  five subgraphs without HTTP (less the query of nothing): median ${mid} ms, min ${low}`);
    console.log(`  load of the machine: ${load()}`);
  } finally {
    await mesh.stop();
  }
  await compareCaches(join(folder, 'data-0'));
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** The same queries on the same data with MESH_CACHE=off and =memory, in turns, so that what else the machine does meets both. */
async function compareCaches(dataDir) {
  const times = { off: { entities: [], whole: [] }, memory: { entities: [], whole: [] } };
  for (let round = 0; round < 3; round++) {
    for (const cache of ['off', 'memory']) {
      const mesh = await start(dataDir, { MESH_CACHE: cache });
      try {
        for (const [what, query] of Object.entries({ entities: ENTITIES, whole: KEPT_WHOLE })) {
          await measure(mesh.url, query, 50);
          times[cache][what].push(...(await measure(mesh.url, query, QUERIES)));
        }
      } finally {
        await mesh.stop();
      }
    }
  }
  console.log('');
  for (const [what, name] of [
    ['entities', 'entity cache'],
    ['whole', 'response cache'],
  ]) {
    report(`${name} off`, times.off[what], 'ms');
    report(`${name} on`, times.memory[what], 'ms');
    console.log(`  off / on: ${(median(times.off[what]) / median(times.memory[what])).toFixed(2)}`);
  }
}

async function timeStart(dataDir) {
  const before = performance.now();
  const mesh = await start(dataDir);
  const elapsed = performance.now() - before;
  await mesh.stop();
  return elapsed;
}

function start(dataDir, env = {}) {
  const child = spawn(process.execPath, [cli, 'start'], {
    env: { ...process.env, PORT: '0', MESH_DATA_DIR: dataDir, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  return new Promise((resolve, reject) => {
    const look = (chunk) => {
      text += chunk;
      const match = /ready at (http:\/\/[\w.:]+)/i.exec(text);
      if (match) resolve({ url: match[1], stop: () => new Promise((done) => child.once('close', done) && child.kill()) });
    };
    child.stdout.on('data', look);
    child.stderr.on('data', look);
    child.once('close', (code) => reject(new Error(`mesh start exited with ${code}:\n${text}`)));
  });
}

/** Durations in milliseconds of `count` requests, one after the other over one kept connection, as a client on this machine sees them. */
async function measure(url, query, count) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const body = JSON.stringify({ query });
  const durations = [];
  for (let n = 0; n < count; n++) {
    const before = performance.now();
    const text = await post(`${url}/graphql`, body, agent);
    durations.push(performance.now() - before);
    const answer = JSON.parse(text);
    if (answer.errors) throw new Error(JSON.stringify(answer.errors));
  }
  agent.destroy();
  return durations;
}

function post(url, body, agent) {
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    authorization: 'Bearer dev-admin',
  };
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => (text += chunk));
      response.once('end', () => resolve(text));
      response.once('error', reject);
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

/** Over the last minute; above the number of cores others take their share of the time. */
function load() {
  return `${loadavg()[0].toFixed(1)} on ${cpus().length} cores`;
}

function median(values) {
  return quantile(values, 0.5);
}

function quantile(values, q) {
  return values.toSorted((a, b) => a - b)[Math.floor(q * (values.length - 1))];
}

function report(what, values, unit) {
  const [low, mid, high] = [0, 0.5, 0.99].map((q) => quantile(values, q).toFixed(2));
  console.log(`${what.padEnd(30)} median ${mid} ${unit}, min ${low}, p99 ${high}, n=${values.length}`);
}
