import {
  linkSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { MeshError } from '../errors.js';

const BEAT_MS = 5_000;
/** A lock of another container or machine, whose processes cannot be seen from here, counts as held while it was touched so lately. */
const FRESH_MS = 30_000;

/**
 * Takes the data directory for this process alone, creating it when it is missing. Two processes on one PGlite directory leave it
 * for ever unopenable, and PGlite itself does not look. A lock left by a process that is gone is taken over: at once where its pid can
 * be looked up, otherwise when it has not been touched for 30 s.
 * Throws DATA_DIR_IN_USE or DATA_DIR_UNUSABLE. Returns the release.
 */
export function lockDataDir(dataDir: string): () => void {
  const lock = join(dataDir, 'lock');
  const mine = join(dataDir, `lock.${process.pid}.${randomUUID()}`);
  const owner = [process.pid, startTime(process.pid) ?? '-', pidSpace()].join(' ');
  try {
    mkdirSync(dataDir, { recursive: true });
    writeFileSync(mine, owner);
  } catch (cause) {
    throw unusable(dataDir, cause);
  }
  try {
    // A hard link appears whole or not at all and never replaces what is there, so of two starters one wins.
    for (let attempt = 0; attempt < 3; attempt++) {
      try {
        linkSync(mine, lock);
        const beat = setInterval(() => touch(lock), BEAT_MS).unref();
        return () => {
          clearInterval(beat);
          if (read(lock) === owner) rmSync(lock, { force: true });
        };
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw unusable(dataDir, cause);
        removeIfAbandoned(dataDir, lock);
      }
    }
    throw inUse(dataDir, read(lock));
  } finally {
    unlinkSync(mine);
  }
}

/** Throws DATA_DIR_IN_USE when the owner lives. Removing is itself locked, or a slow starter could remove a new owner's lock. */
function removeIfAbandoned(dataDir: string, lock: string): void {
  const owner = read(lock);
  if (owner === undefined) return;
  if (owner.split(' ')[2] === pidSpace() ? isAlive(owner) : isFresh(lock)) throw inUse(dataDir, owner);
  const takeover = join(dataDir, 'lock.takeover');
  try {
    mkdirSync(takeover);
  } catch {
    throw inUse(
      dataDir,
      owner,
      ' Another process is taking it over just now; if that is not so, remove the folder lock.takeover in it.',
    );
  }
  try {
    if (read(lock) === owner) rmSync(lock, { force: true });
  } finally {
    rmSync(takeover, { recursive: true, force: true });
  }
}

/** A pid may have been given to another process since; the start time tells (where /proc has it). */
function isAlive(owner: string): boolean {
  const [pidText, started] = owner.split(' ');
  const pid = Number(pidText);
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const now = startTime(pid);
  return started === '-' || now === undefined || now === started;
}

/** Where pids mean the same as here: this boot of this machine, and its pid namespace. */
function pidSpace(): string {
  try {
    return `${read('/proc/sys/kernel/random/boot_id')!.trim()}/${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}

function isFresh(lock: string): boolean {
  try {
    return Date.now() - statSync(lock).mtimeMs < FRESH_MS;
  } catch {
    return false;
  }
}

function touch(lock: string): void {
  try {
    const now = new Date();
    utimesSync(lock, now, now);
  } catch {
    // The folder is gone or cannot be written; the database will say so.
  }
}

/** In clock ticks since boot: field 22 of /proc/PID/stat, counted after the command, which may hold spaces. */
function startTime(pid: number): string | undefined {
  const stat = read(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function inUse(dataDir: string, owner: string | undefined, hint = ''): MeshError {
  const elsewhere = owner !== undefined && owner.split(' ')[2] !== pidSpace();
  const who = owner ? `process ${owner.split(' ')[0]}${elsewhere ? ' of another container or machine' : ''}` : 'another process';
  if (elsewhere) hint = ` If that process is gone, try again in ${FRESH_MS / 1000} s.${hint}`;
  return new MeshError(
    'DATA_DIR_IN_USE',
    `${dataDir} is in use by ${who}. Stop it, or set MESH_DATA_DIR to another folder.${hint}`,
  );
}

function unusable(dataDir: string, cause: unknown): MeshError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new MeshError(
    'DATA_DIR_UNUSABLE',
    `${dataDir} cannot be used: ${why}. Mend its permissions, or set MESH_DATA_DIR to another folder.`,
    {
      cause,
    },
  );
}
