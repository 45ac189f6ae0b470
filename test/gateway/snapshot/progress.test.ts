import { describe, expect, it } from 'vitest';
import { createProgress } from '../../../gateway/snapshot/progress.js';
import { encodeCursor } from '../../../subgraphs/shared/eventlog/cursor.js';
import type { Topic } from '../../../subgraphs/shared/names.js';

const at = (offsets: number[], { topic = 'mesh.catalog' as Topic, epoch = 'e' } = {}): string =>
  encodeCursor({ topic, epoch, offsets });
const forever = new AbortController().signal;

describe('the progress of a snapshot', () => {
  it('lets through whoever waits for what it has seen', async () => {
    const progress = createProgress(['mesh.catalog']);
    progress.advance('mesh.catalog', at([5]));
    await progress.reaches(at([5]), forever);
    await progress.reaches(at([1]), forever);
  });

  it('waits until every partition has come so far', async () => {
    const progress = createProgress(['mesh.catalog']);
    progress.advance('mesh.catalog', at([5, 1]));
    let through = false;
    const waiting = progress.reaches(at([5, 2]), forever).then(() => {
      through = true;
    });
    progress.advance('mesh.catalog', at([9, 1]));
    await Promise.resolve();
    expect(through).toBe(false);
    progress.advance('mesh.catalog', at([9, 2]));
    await waiting;
    expect(through).toBe(true);
  });

  it('gives up with the caller', async () => {
    const progress = createProgress(['mesh.catalog']);
    const caller = new AbortController();
    const waiting = progress.reaches(at([1]), caller.signal);
    caller.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'SNAPSHOT_STALE' });
  });

  it('refuses what is no cursor, of a topic that is not followed, or of another life of the log', async () => {
    const progress = createProgress(['mesh.catalog']);
    progress.advance('mesh.catalog', at([5]));
    await expect(progress.reaches('rubbish', forever)).rejects.toMatchObject({ code: 'BAD_CURSOR' });
    await expect(progress.reaches(at([1], { topic: 'mesh.usage' }), forever)).rejects.toMatchObject({ code: 'BAD_CURSOR' });
    await expect(progress.reaches(at([1], { epoch: 'before' }), forever)).rejects.toMatchObject({ code: 'BAD_CURSOR' });
  });
});
