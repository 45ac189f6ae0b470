// Loaded into the gateway under test with --import; does what the benchmark asks for through the IPC channel.
import { Session } from 'node:inspector/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const SAMPLE_EVERY_US = 250;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');
const session = new Session();
session.connect();

const tasks = {
  /** What is alive, not what lies around: after a full collection. */
  memory: () => {
    collect();
    const { heapUsed, external, rss } = process.memoryUsage();
    return { heapBytes: heapUsed, externalBytes: external, rssBytes: rss };
  },
  profile: async () => {
    await session.post('Profiler.enable');
    await session.post('Profiler.setSamplingInterval', { interval: SAMPLE_EVERY_US });
    await session.post('Profiler.start');
    return null;
  },
  profiled: () => session.post('Profiler.stop').then(({ profile }) => profile),
};

process.on('message', async (task) => process.send({ task, result: await tasks[task]() }));
process.channel?.unref();
