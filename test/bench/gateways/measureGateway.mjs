import { createRequests, freshNumber } from '../load/createRequests.mjs';
import { runLoad } from '../load/runLoad.mjs';
import { requestKinds } from '../shop/operation.mjs';
import { wrongWith } from './checkAnswer.mjs';
import { postJson } from './postJson.mjs';
import { usageOf } from './processUsage.mjs';

const CONNECTIONS = 50;
const RSS_EVERY_MS = 200;

/** Asks once and compares. Throws when the answer is wrong. */
export async function verify(gateway, kind) {
  const request = requestKinds[kind](freshNumber());
  const { json } = await postJson(gateway.url, request);
  const wrong = await wrongWith(json, request);
  if (wrong !== null) throw new Error(`wrong answer: ${wrong}`);
}

/**
 * Under 50 connections for `seconds`: requests per second, latencies (ms), CPU of the gateway's processes per request (ms), the same of
 * this process and the subgraphs (`loadCpuMs`; when it is more than the gateway's, the gateway was not what held things up), requests to
 * subgraphs per request (`fetches`), and the most memory the gateway had (bytes). Throws when any answer was wrong.
 */
export async function measureGateway({ gateway, shop, kind, seconds }) {
  const port = Number(new URL(gateway.url).port);
  let rssBytes = 0;
  const sampling = setInterval(() => (rssBytes = Math.max(rssBytes, usageOf(gateway.pid).rssBytes)), RSS_EVERY_MS);
  try {
    const cpu = () => [gateway.pid, process.pid, shop.pid].map((pid) => usageOf(pid).cpuSeconds);
    const fetchesBefore = await shop.requests();
    const before = cpu();
    const requestsFor = () => createRequests(requestKinds[kind], port);
    const load = await runLoad({ port, requestsFor, connections: CONNECTIONS, seconds });
    const [cpuMs, ownCpuMs, shopCpuMs] = cpu().map((after, at) => ((after - before[at]) * 1000) / load.latencies.length);
    const fetches = ((await shop.requests()) - fetchesBefore) / load.latencies.length;
    await check(load, kind);
    const { perSecond, latencies } = load;
    return {
      perSecond,
      latencies,
      fetches,
      cpuMs,
      loadCpuMs: ownCpuMs + shopCpuMs,
      rssBytes: Math.max(rssBytes, usageOf(gateway.pid).rssBytes),
    };
  } finally {
    clearInterval(sampling);
  }
}

/** The first answer of each connection is compared as a whole; of the others the status, and the length, which is the same for all. */
async function check({ wrong, lengths, samples }, kind) {
  if (wrong.size > 0) throw new Error(`wrong answers: ${[...wrong].map(([what, times]) => `${what} ${times} times`).join(', ')}`);
  if (lengths.size !== 1) throw new Error(`answers of different lengths: ${JSON.stringify([...lengths])}`);
  for (const { number, body } of samples) {
    const what = await wrongWith(JSON.parse(body), requestKinds[kind](number));
    if (what !== null) throw new Error(`wrong answer under load: ${what}`);
  }
}
