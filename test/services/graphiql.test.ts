import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { expect, it } from 'vitest';
import { runTask } from '../support/meshContract.js';
import { startWholeMesh } from '../support/meshProcess.js';

it('runs a query and a subscription in GraphiQL, in a browser with no other network', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mesh-test-'));
  const mesh = await startWholeMesh(folder);
  const browser = await chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  try {
    const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
    const elsewhere: string[] = [];
    await page.route('**/*', (route) => {
      if (route.request().url().startsWith(mesh.url) || route.request().url().startsWith('blob:')) return route.continue();
      elsewhere.push(route.request().url());
      return route.abort();
    });
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(String(error)));

    const introspected = page.waitForResponse(`${mesh.url}/graphql`);
    await page.goto(`${mesh.url}/graphiql/`);
    await introspected;
    const response = page.locator('.graphiql-response');
    // The editors load in their own time; a click before that does nothing.
    const execute = () => page.getByRole('button', { name: /execute query/i }).click();
    await expect
      .poll(
        async () => {
          if ((await response.innerText()).trim() === '') await execute();
          return response.innerText();
        },
        {
          timeout: 30_000,
          interval: 1_000,
        },
      )
      .toContain('fraud-analyst');
    if (process.env['SCREENSHOTS']) await page.screenshot({ path: join(process.env['SCREENSHOTS'], 'query.png') });

    await page.getByRole('tab', { name: 'Watch' }).click();
    await execute();
    await expect
      .poll(
        async () => {
          // GraphiQL notes the operation's name in its own time, too, and until then sends the one of the other tab.
          if (/no\soperation|"nodes"/.test(await response.innerText())) await execute();
          await runTask(mesh.url, '2 + 2');
          return response.innerText();
        },
        { timeout: 30_000, interval: 1_000 },
      )
      .toContain('math.arithmetic');
    if (process.env['SCREENSHOTS']) await page.screenshot({ path: join(process.env['SCREENSHOTS'], 'subscription.png') });

    expect(elsewhere).toEqual([]);
    expect(complaints).toEqual([]);
  } finally {
    await browser.close();
    await mesh.stop();
    await rm(folder, { recursive: true, force: true });
  }
});
