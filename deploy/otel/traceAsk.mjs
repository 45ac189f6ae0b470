// npm run trace: starts the built mesh with a collector that writes to a file, asks it one question, and draws the question's trace.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { drawTrace } from './drawTrace.mjs';
import { startFileCollector } from './fileCollector.mjs';

const cli = fileURLToPath(new URL('../../dist/gateway/cli.js', import.meta.url));
const file = process.argv[2] ?? 'trace.jsonl';
const QUERY = '{ ask(input: {taskClass: "math.arithmetic", prompt: "12 * (7 + 3)"}) { text costUsd } }';
/** What happens last because of a question: it is in the ledger, and evaluated. */
const LAST = ['insert costs.ledger_entry', 'insert evaluations.evaluation'];

const folder = await mkdtemp(join(tmpdir(), 'mesh-trace-'));
const collector = await startFileCollector(file);
const mesh = spawn(process.execPath, [cli, 'start'], {
  env: {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    PORT: '0',
    MESH_DATA_DIR: folder,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
  },
  stdio: ['ignore', 'pipe', 'inherit'],
});
try {
  let printed = '';
  for await (const chunk of mesh.stdout) if (/ready at/.test((printed += chunk))) break;
  const [url] = /http:\/\/[\w.:]+/.exec(printed);
  // The first question is slower than all others: code is loaded, plans are made.
  await askTraced(url);
  const traceId = await askTraced(url);
  mesh.kill('SIGTERM');
  await once(mesh, 'exit');
  const whole = collector.spans().filter((span) => span.traceId === traceId);
  // The event log's own statements are left out; they are the same for each event.
  const sends = new Set(whole.filter(({ name }) => name.startsWith('send ')).map(({ spanId }) => spanId));
  const inSends = new Set(whole.filter(({ parentId }) => sends.has(parentId)).map(({ spanId }) => spanId));
  const shown = whole.filter(({ spanId, parentId }) => !inSends.has(spanId) && !inSends.has(parentId));
  console.log(drawTrace(shown, detail));
} finally {
  mesh.kill('SIGKILL');
  await collector.close();
  await rm(folder, { recursive: true, force: true });
}

/** Resolves to the trace's id, once all that happens because of the question has been sent here. */
async function askTraced(url) {
  const traceId = randomBytes(16).toString('hex');
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: 'Bearer dev-admin',
      traceparent: `00-${traceId}-${randomBytes(8).toString('hex')}-01`,
    },
    body: JSON.stringify({ query: QUERY }),
  });
  const { data, errors } = await response.json();
  if (errors || !data.ask.text) throw new Error(JSON.stringify(errors));
  await collector.trace(traceId, (found) => LAST.every((name) => found.some((span) => span.name === name)));
  return traceId;
}

function detail({ attributes }) {
  const names = [
    'gen_ai.request.model',
    'gen_ai.usage.input_tokens',
    'gen_ai.usage.output_tokens',
    'mesh.governance.outcome',
    'mesh.plan.cached',
    'mesh.route.ranked',
  ];
  const group = attributes['messaging.consumer.group.name'];
  return [
    ...(group ? [`by ${group}`] : []),
    ...names.flatMap((name) => (name in attributes ? [`${name}=${attributes[name]}`] : [])),
  ];
}
