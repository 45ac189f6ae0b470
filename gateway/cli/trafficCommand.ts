import { createMeshClient } from '../apply/meshClient.js';
import { createLiveLine } from '../terminal/liveLine.js';
import { runTraffic } from '../traffic/runTraffic.js';
import { seededRandom } from '../traffic/seededRandom.js';
import { NOTHING_SENT, progressLine, summary } from '../traffic/Tally.js';
import { readAccess } from './meshAccess.js';
import { readNumber } from './readNumber.js';

export interface TrafficFlags {
  readonly url: string;
  readonly rate: string;
  readonly duration?: string;
  readonly seed?: string;
  readonly token?: string;
}

/** `mesh traffic [--url --rate --duration --seed]`: a believable mix of questions to a running mesh, until Ctrl-C. */
export async function trafficCommand(flags: TrafficFlags): Promise<void> {
  const { url, token } = readAccess(flags.url, flags.token, 'dev-analyst');
  const rate = readNumber('--rate', flags.rate, 0.1, 1_000);
  const seconds = flags.duration === undefined ? null : readNumber('--duration', flags.duration, 1, 86_400);
  const seed = flags.seed === undefined ? Date.now() % 100_000 : readNumber('--seed', flags.seed, 0, 4_294_967_295);
  const client = createMeshClient({ url, ...(token !== undefined && { token }) });
  const { me } = await client<{ me: { id: string } | null }>('{ me { id } }');

  const stopping = new AbortController();
  const stop = (): void => {
    if (stopping.signal.aborted) process.exit(1);
    stopping.abort();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  const until = seconds === null ? 'until Ctrl-C' : `for ${seconds} s`;
  process.stdout.write(`Traffic to ${url} as ${me?.id ?? 'anonymous'}, about ${rate} a second, ${until}. Seed ${seed}.\n`);

  const clock = (): number => performance.now();
  const startedAt = clock();
  const line = createLiveLine(process.stdout);
  let tally = NOTHING_SENT;
  const show = (): void => line.show(progressLine(tally, clock() - startedAt));
  const ticking = setInterval(show, 1_000);
  tally = await runTraffic({
    client,
    random: seededRandom(seed),
    rate,
    durationMs: seconds === null ? null : seconds * 1000,
    signal: stopping.signal,
    clock,
    onChange: (changed) => {
      tally = changed;
      show();
    },
  });
  clearInterval(ticking);
  line.end();
  process.stdout.write(`${summary(tally, clock() - startedAt).join('\n')}\n`);
  // What was not answered in time is not waited for.
  process.exit(0);
}
