import { createClient } from './createClient.mjs';

const SETTLE_MS = 20_000;

/**
 * Keeps `connections` requests under way for `seconds`, then waits for the last answers; the rate is over the whole time, since slow
 * gateways answer in waves. `requestsFor()` makes each connection's source of `{bytes, number}`. Returns latencies in milliseconds, as
 * seen here; how often each wrong status and each length came (null: sent in chunks); and as `samples` the first answer of each
 * connection with its number, to be compared off the clock. Rejects when the gateway closes a connection or stays silent.
 */
export function runLoad({ port, requestsFor, connections, seconds }) {
  return new Promise((resolve, reject) => {
    const latencies = [];
    const samples = [];
    const clients = [];
    const wrong = new Map();
    const lengths = new Map();
    let underWay = 0;
    const startedAt = performance.now();
    const endAt = startedAt + seconds * 1000;
    const watchdog = setTimeout(() => finish(new Error('requests stayed without an answer')), seconds * 1000 + SETTLE_MS);

    for (let n = 0; n < connections; n++) open();

    function open() {
      const next = requestsFor();
      let sentAt = 0;
      let number = 0;
      const client = createClient({ port, onAnswer, onError: finish });
      clients.push(client);
      client.keepNext();
      send();

      function send() {
        const request = next();
        number = request.number;
        underWay++;
        sentAt = performance.now();
        client.send(request.bytes);
      }

      function onAnswer({ status, bytes, body }) {
        const now = performance.now();
        underWay--;
        latencies.push(now - sentAt);
        if (status !== 200) count(wrong, `status ${status}`);
        count(lengths, bytes);
        if (body !== null) samples.push({ number, body });
        if (now <= endAt) send();
        else if (underWay === 0) finish(null);
      }
    }

    function finish(error) {
      clearTimeout(watchdog);
      for (const client of clients) client.close();
      if (error) {
        reject(error);
        return;
      }
      const tookSeconds = (performance.now() - startedAt) / 1000;
      resolve({ perSecond: latencies.length / tookSeconds, latencies, samples, wrong, lengths });
    }
  });
}

function count(counts, what) {
  counts.set(what, (counts.get(what) ?? 0) + 1);
}
