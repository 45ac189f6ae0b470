import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { followFile, type FollowedFile } from '../../../gateway/compose/followFile.js';
import { withFolder } from '../../support/meshProcess.js';

const NEVER = 2 ** 31 - 1;
const WAIT = { timeout: 20_000 };

async function follow(
  path: string,
  work: (told: string[], followed: FollowedFile) => Promise<void>,
  { pollMs = NEVER, known = 'first' } = {},
): Promise<void> {
  const told: string[] = [];
  const followed = followFile(path, {
    known,
    onText: (text) => told.push(text),
    onUnreadable: ({ message }) => told.push(`! ${message.split(':')[0]}`),
    quietMs: 20,
    pollMs,
  });
  try {
    await work(told, followed);
  } finally {
    followed.close();
  }
}

async function write(path: string, text: string): Promise<void> {
  await writeFile(path, text);
}

async function replace(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}

async function removeAndWrite(path: string, text: string): Promise<void> {
  await rm(path);
  await writeFile(path, text);
}

it('tells each new text once when the file is replaced', async () => {
  await withFolder(async (folder) => {
    const path = join(folder, 'file');
    await write(path, 'first');
    await follow(path, async (told) => {
      await replace(path, 'second');
      await expect.poll(() => told, WAIT).toEqual(['second']);
      // The same again says nothing, so the next text is the next that is told.
      await replace(path, 'second');
      await replace(path, 'third');
      await expect.poll(() => told, WAIT).toEqual(['second', 'third']);
    });
  });
});

it.each([
  ['written', write],
  ['removed and written', removeAndWrite],
])('tells each new text when the file is %s, and may see it empty or away between', async (_, change) => {
  await withFolder(async (folder) => {
    const path = join(folder, 'file');
    await write(path, 'first');
    await follow(path, async (told) => {
      for (const text of ['second', 'third']) {
        await change(path, text);
        await expect.poll(() => told.at(-1), WAIT).toBe(text);
      }
      expect(told.filter((text) => text !== '' && text !== '! ENOENT')).toEqual(['second', 'third']);
    });
  });
});

it('follows a link that Kubernetes swaps beside it, as it does for a ConfigMap', async () => {
  await withFolder(async (folder) => {
    const publish = async (version: string): Promise<void> => {
      await mkdir(join(folder, `..${version}`));
      await writeFile(join(folder, `..${version}`, 'file'), version);
      await symlink(`..${version}`, join(folder, '..data_tmp'));
      await rename(join(folder, '..data_tmp'), join(folder, '..data'));
    };
    await publish('first');
    await symlink(join('..data', 'file'), join(folder, 'file'));
    await follow(join(folder, 'file'), async (told) => {
      await publish('second');
      await expect.poll(() => told, WAIT).toEqual(['second']);
      await rm(join(folder, '..first'), { recursive: true });
      await publish('third');
      await expect.poll(() => told, WAIT).toEqual(['second', 'third']);
    });
  });
});

it('finds what changes where it gets no signs, by looking now and then', async () => {
  await withFolder(async (folder) => {
    const elsewhere = join(folder, 'elsewhere');
    const here = join(folder, 'here');
    await mkdir(elsewhere);
    await mkdir(here);
    await write(join(elsewhere, 'file'), 'first');
    await symlink(join(elsewhere, 'file'), join(here, 'file'));
    await follow(
      join(here, 'file'),
      async (told) => {
        await write(join(elsewhere, 'file'), 'second');
        await expect.poll(() => told, WAIT).toEqual(['second']);
        // Not even the folder stays.
        await rm(here, { recursive: true });
        await expect.poll(() => told, WAIT).toEqual(['second', '! ENOENT']);
        await mkdir(here);
        await write(join(here, 'file'), 'third');
        await expect.poll(() => told, WAIT).toEqual(['second', '! ENOENT', 'third']);
      },
      { pollMs: 20 },
    );
  });
});

it('tells what has changed before it began to follow, and reads again when it is asked to', async () => {
  await withFolder(async (folder) => {
    const path = join(folder, 'file');
    await write(path, 'second');
    await follow(path, async (told) => expect.poll(() => told, WAIT).toEqual(['second']), { pollMs: 20 });
    await follow(
      path,
      async (told, followed) => {
        followed.again();
        await expect.poll(() => told, WAIT).toEqual(['second']);
        followed.again();
        await expect.poll(() => told, WAIT).toEqual(['second', 'second']);
      },
      { known: 'second' },
    );
  });
});

it('reads a file whose writer never rests', async () => {
  await withFolder(async (folder) => {
    const path = join(folder, 'file');
    await write(path, 'first');
    await follow(path, async (told) => {
      for (let count = 0; told.length === 0; count++) await write(path, String(count));
      expect(told.length).toBeGreaterThan(0);
    });
  });
});
