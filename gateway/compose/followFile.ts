import { watch, type FSWatcher } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

export interface FollowedFile {
  /** Reads the file now and tells its text, whether it has changed or not. */
  again(): void;
  close(): void;
}

interface Options {
  /** What is known of it already: only other texts are told. */
  readonly known: string;
  readonly onText: (text: string) => void;
  /** It cannot be read. Told once, until it can be read again. */
  readonly onUnreadable: (error: Error) => void;
  /** Milliseconds without a sign of change after which it is taken to be written. */
  readonly quietMs?: number;
  /** Milliseconds between looks at places that send no signs: network file systems, targets of links in other folders. */
  readonly pollMs?: number;
}

/** A writer that never rests does not keep the file unread for longer than this many quiet times. */
const PATIENCE = 10;

/**
 * Tells every new text of a file. Not the file is watched but the folder that its name is in: editors replace files by others, and
 * Kubernetes swaps a link beside the name. What counts is what the name leads to when all is quiet. A file that is written bit by bit, with
 * pauses, is told in its broken states too.
 */
export function followFile(path: string, { known, onText, onUnreadable, quietMs = 100, pollMs = 2_000 }: Options): FollowedFile {
  let text = known;
  let seen = '';
  let isReadable = true;
  let closed = false;
  let quiet: NodeJS.Timeout | undefined;
  let restlessSince = 0;
  let looking: Promise<void> = Promise.resolve();

  const look = async (anyway: boolean): Promise<void> => {
    if (closed) return;
    try {
      const { ino, size, mtimeMs } = await stat(path);
      const state = `${ino} ${size} ${mtimeMs}`;
      if (state === seen && isReadable && !anyway) return;
      const found = await readFile(path, 'utf8');
      seen = state;
      isReadable = true;
      if (closed || (found === text && !anyway)) return;
      text = found;
      onText(found);
    } catch (error) {
      if (isReadable && !closed) onUnreadable(error as Error);
      isReadable = false;
    }
  };
  const lookNext = (anyway: boolean): void => {
    looking = looking.then(() => look(anyway));
  };
  const sign = (): void => {
    const now = performance.now();
    if (quiet === undefined) restlessSince = now;
    else if (now - restlessSince > PATIENCE * quietMs) return;
    clearTimeout(quiet);
    quiet = setTimeout(() => {
      quiet = undefined;
      lookNext(false);
    }, quietMs).unref();
  };

  const folder = watchFolder(dirname(path), sign);
  const poll = setInterval(() => lookNext(false), pollMs).unref();
  return {
    again: () => lookNext(true),
    close: () => {
      closed = true;
      folder?.close();
      clearInterval(poll);
      clearTimeout(quiet);
    },
  };
}

/** Undefined: this system has no (more) watchers, and looking now and then has to do. */
function watchFolder(folder: string, onSign: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(folder, { persistent: false }, onSign);
    return watcher.on('error', () => watcher.close());
  } catch {
    return undefined;
  }
}
