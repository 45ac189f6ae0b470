import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPglite } from '../../../subgraphs/shared/database/openPglite.js';
import { decodeCursor, encodeCursor } from '../../../subgraphs/shared/eventlog/cursor.js';
import type { OpenedLog } from '../contracts/eventLogContract.js';
import { openLogOn } from '../contracts/openLog.js';

describe('a cursor on the table log', () => {
  let opened: OpenedLog;
  beforeAll(async () => {
    opened = await openLogOn(await openPglite({ dataDir: null }));
  });
  afterAll(() => opened.close());

  const read = async (offsets: readonly number[]): Promise<unknown> => {
    const { epoch } = decodeCursor(await opened.eventLog.head('mesh.tasks'), 'mesh.tasks');
    return opened.eventLog.read('mesh.tasks', encodeCursor({ topic: 'mesh.tasks', epoch, offsets }));
  };

  it('that is ahead of the log is a gap, and says so', async () => {
    await expect(read([100_737])).rejects.toMatchObject({
      code: 'EVENT_GAP',
      message: expect.stringMatching(/^The cursor is of another log of mesh\.tasks or ahead of this one/) as string,
    });
  });

  it.each([[[0, 0]], [[]]])('of other partitions (%j) is no cursor of it', async (offsets) => {
    await expect(read(offsets)).rejects.toMatchObject({ code: 'BAD_CURSOR' });
  });
});
