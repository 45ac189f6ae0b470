import { expect, it } from 'vitest';
import { createLogger } from '../../../gateway/telemetry/createLogger.js';

function logged(isTTY: boolean, use: (log: ReturnType<typeof createLogger>) => void): string {
  let text = '';
  use(createLogger({ write: (line) => (text += line), isTTY }));
  return text;
}

it('writes an object a line for machines', () => {
  const text = logged(false, (log) => {
    log.info({ port: 4000 }, 'listening');
    log.error({ err: new Error('broken') }, 'failed');
  });
  const [first, second] = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(first).toMatchObject({ level: 30, port: 4000, msg: 'listening', time: expect.stringMatching(/^\d{4}-.*Z$/) });
  expect(second).toMatchObject({ level: 50, msg: 'failed', err: { message: 'broken', stack: expect.any(String) } });
});

it('writes lines for people on a terminal', () => {
  const text = logged(true, (log) => {
    log.warn({ name: 'costs', port: 4004 }, 'slow');
    log.error({ err: new Error('broken') }, 'failed');
  });
  expect(text).toMatch(/^\d\d:\d\d:\d\d warn slow name=costs port=4004\n\d\d:\d\d:\d\d ERROR failed\nError: broken\n {4}at /);
});

it('never writes tokens', () => {
  for (const isTTY of [true, false]) {
    const text = logged(isTTY, (log) => {
      log.info({ authorization: 'Bearer secret' }, 'top');
      log.info({ headers: { authorization: 'Bearer secret' } }, 'within');
    });
    expect(text).toContain('within');
    expect(text).not.toContain('secret');
  }
});
