import { expect, it } from 'vitest';
import { startMeshProcess, startWholeMesh, withFolder } from '../support/meshProcess.js';

it('traffic makes the streams move, and watch shows it line by line where there is no terminal', async () => {
  await withFolder(async (folder) => {
    const mesh = await startWholeMesh(folder);
    const watching = startMeshProcess(['watch', '--url', mesh.url]);
    try {
      await watching.printed(/watching http/);
      const traffic = startMeshProcess(['traffic', '--url', mesh.url, '--rate', '5', '--duration', '10', '--seed', '3']);
      expect(await traffic.exited()).toBe(0);
      expect(traffic.output()).toMatch(/Traffic to http\S+ as analyst, about 5 a second, for 10 s\. Seed 3\./);
      const [, sent, ok] = /(\d+) sent in \d+ s: (\d+) ok/.exec(traffic.output())!;
      expect(Number(sent)).toBeGreaterThan(20);
      // How many more depends on what else the machine does: a question has a deadline.
      expect(Number(ok)).toBeGreaterThan(0);
      await watching.printed(/ task {3}SUCCEEDED \S+ by \S+ task-/);
      await watching.printed(/ route {2}\S+ to \S+ with local\//);
      await watching.printed(/ window \S+ \d+ in \d+ s, ok \d+%, p50 \S+ p95 \S+ p99 \S+, 0\.\d+ USD, queue \d+, busy \d+/);
      expect(watching.output()).not.toContain('\u001b');
      expect(await watching.stop('SIGINT')).toBe(0);
      const cut = startMeshProcess(['traffic', '--url', mesh.url, '--rate', '20']);
      await cut.printed(/sent [1-9]/);
      expect(await cut.stop('SIGINT')).toBe(0);
      expect(cut.output()).toMatch(/\d+ sent in \d+ s/);
    } finally {
      await watching.stop();
      await mesh.stop();
    }
  });
});

it.each(['traffic', 'watch'])('%s says so when there is no mesh', async (command) => {
  const process = startMeshProcess([command, '--url', 'http://127.0.0.1:9']);
  expect(await process.exited()).toBe(1);
  expect(process.output()).toMatch(
    /^SUBREQUEST_FAILED: No gateway answers at http:\/\/127\.0\.0\.1:9\. Start one with `npm start`/,
  );
});
