import { contestantsOf } from '../gateways/contestants.mjs';
import { withShop } from '../gateways/withShop.mjs';
import { createClient } from '../load/createClient.mjs';
import { freshNumber } from '../load/createRequests.mjs';
import { seededRandom } from '../seededRandom.mjs';
import { generateOperation } from '../shop/generateOperation.mjs';
import { startProbed } from './startProbed.mjs';

const CONNECTIONS = 8;
const SAMPLES = 60;
/** What is remembered of operations is bounded and fills up before; growth is read from the second half. */
const SETTLED_AFTER = 0.5;

/**
 * Sends distinct operations of different shapes to our gateway for `minutes`. Returns samples of `{seconds, answered, heapBytes (after
 * a collection), externalBytes, rssBytes}` and the growth of the live heap in the second half. Throws on an answer that is
 * not 200.
 */
export async function watchMemory({ minutes, seed, tell }) {
  return withShop(async ({ files }) => {
    const gateway = await startProbed(contestantsOf(files).ours);
    const load = startLoad(gateway.url, seed);
    try {
      const samples = [];
      const startedAt = performance.now();
      for (let n = 0; n <= SAMPLES; n++) {
        await Promise.race([until(startedAt + (n / SAMPLES) * minutes * 60_000), load.failed]);
        const seconds = (performance.now() - startedAt) / 1000;
        samples.push({ seconds, answered: load.answered(), ...(await gateway.ask('memory')) });
        const { heapBytes, rssBytes } = samples.at(-1);
        tell(
          `memory: ${seconds.toFixed(0)} s, ${load.answered()} operations, ${mb(heapBytes)} MB alive, ${mb(rssBytes)} MB resident`,
        );
      }
      return { samples, growth: growthOf(samples) };
    } finally {
      load.stop();
      await gateway.stop();
    }
  });
}

/** A small chart: a line of text for each third sample, a bar for what is alive and dots up to what is resident. */
export function memoryText({ samples, growth }) {
  const WIDTH = 60;
  const most = Math.max(...samples.map(({ rssBytes }) => rssBytes));
  const cells = (bytes) => Math.round((bytes / most) * WIDTH);
  const lines = samples
    .filter((_, at) => at % 3 === 0)
    .map(({ seconds, answered, heapBytes, rssBytes }) => {
      const bar = '#'.repeat(cells(heapBytes)).padEnd(cells(rssBytes), '.').padEnd(WIDTH);
      return `  ${seconds.toFixed(0).padStart(5)} s ${String(answered).padStart(8)} ${bar} ${mb(heapBytes).padStart(5)} ${mb(rssBytes).padStart(5)}`;
    });
  const { bytesPerMinute, bytesPerOperation } = growth;
  const judged = `Live heap in the second half: ${(bytesPerMinute / 1e6).toFixed(2)} MB a minute, ${bytesPerOperation.toFixed(0)} bytes an operation`;
  return ['Distinct operations: time, operations, # alive after a collection, . resident (MB)', ...lines, judged, ''].join('\n');
}

function startLoad(url, seed) {
  const random = seededRandom(seed);
  const port = Number(new URL(url).port);
  let answered = 0;
  let fail;
  const failed = new Promise((_, reject) => (fail = reject));
  failed.catch(() => undefined);
  const clients = Array.from({ length: CONNECTIONS }, () => {
    const client = createClient({
      port,
      onError: fail,
      onAnswer: ({ status }) => {
        if (status !== 200) fail(new Error(`answered with ${status}: ${query}`));
        answered++;
        send();
      },
    });
    let query;
    const send = () => {
      query = generateOperation(random, freshNumber());
      const body = JSON.stringify({ query });
      const head = `POST /graphql HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
      client.send(Buffer.from(head + body));
    };
    send();
    return client;
  });
  return { failed, answered: () => answered, stop: () => clients.forEach((client) => client.close()) };
}

/** By least squares. */
function growthOf(samples) {
  const settled = samples.slice(Math.floor(samples.length * SETTLED_AFTER));
  const slopeOver = (key) => slope(settled.map((sample) => [sample[key], sample.heapBytes]));
  return { bytesPerMinute: slopeOver('seconds') * 60, bytesPerOperation: slopeOver('answered') };
}

function slope(points) {
  const mean = (at) => points.reduce((sum, point) => sum + point[at], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const above = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0);
  const below = points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
  return above / below;
}

function until(time) {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, time - performance.now())));
}

function mb(bytes) {
  return (bytes / 1e6).toFixed(0);
}
