import { expect, it } from 'vitest';
import { costsExportCommand } from '../../../gateway/cli/costsExportCommand.js';

const options = { url: 'http://127.0.0.1:9', format: 'csv' };

it.each([
  [{ format: 'xml' }, /--format is csv or json, not "xml"/],
  [{ from: 'yesterday' }, /--from is a day or a moment/],
  [{ to: '2026-13-45' }, /--to is a day or a moment/],
  [{ to: '2026-03-01T12:00' }, /--to is a day or a moment/],
])('refuses %j before it asks anybody', async (wrong, message) => {
  await expect(costsExportCommand({ ...options, ...wrong })).rejects.toMatchObject({
    code: 'BAD_USER_INPUT',
    message: expect.stringMatching(message),
  });
});

it('says that no gateway answers, and how to name another', async () => {
  await expect(costsExportCommand({ ...options, from: '2026-03-01' })).rejects.toMatchObject({ code: 'SUBREQUEST_FAILED' });
});
