import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { packageRoot } from '../../subgraphs/shared/packageRoot.js';
import { followFile } from '../compose/followFile.js';
import { latestOnly } from '../compose/latestOnly.js';
import { MeshError } from '../errors.js';
import type { Lifetime } from './lifetime.js';

/** Where a gateway's supergraph comes from. */
export interface SupergraphFlags {
  /** A file; it is followed, and SIGHUP has it read at once. */
  readonly supergraph?: string;
  /** A file that names live subgraphs. */
  readonly compose?: string;
}

export interface OpenSupergraph {
  readonly sdl: string;
  /** From now on every other supergraph goes to `serve`, one after the other; one that it rejects is reported. */
  follow(serve: (sdl: string) => Promise<void>): void;
}

interface Options {
  readonly internalKey: Uint8Array | null;
  readonly lifetime: Lifetime;
  readonly log: Logger;
}

/** The supergraph now, and those to come. Throws INVALID_SUPERGRAPH for a file that cannot be read, and what `composeLive` throws. */
export async function openSupergraph(flags: SupergraphFlags, options: Options): Promise<OpenSupergraph> {
  if (flags.compose !== undefined) return openComposition(flags.compose, options);
  if (flags.supergraph !== undefined) return openFile(flags.supergraph, options);
  return { sdl: await readSupergraph(join(packageRoot, 'schema/supergraph.graphql')), follow: () => undefined };
}

async function openComposition(file: string, { internalKey, lifetime, log }: Options): Promise<OpenSupergraph> {
  // It brings a fifth of all the memory that a gateway takes, and most have a supergraph in a file.
  const { composeLive } = await import('../compose/composeLive.js');
  let changed: (sdl: string) => void = () => undefined;
  const { sdl } = await lifetime.open(
    () => composeLive(file, { internalKey, clock: Date.now, log, onChange: (next) => changed(next) }),
    (live) => live.close(),
  );
  return { sdl, follow: (serve) => void (changed = reporting(serve, log)) };
}

async function openFile(file: string, { lifetime, log }: Options): Promise<OpenSupergraph> {
  const sdl = await readSupergraph(file);
  return {
    sdl,
    follow: (serve) => {
      const followed = followFile(file, {
        known: sdl,
        onText: reporting(serve, log),
        onUnreadable: ({ message }) =>
          log.error({ code: 'INVALID_SUPERGRAPH', reason: message }, 'the supergraph cannot be read; the old one goes on'),
      });
      process.on('SIGHUP', followed.again);
      void lifetime.open(
        async () => followed,
        async () => {
          process.off('SIGHUP', followed.again);
          followed.close();
        },
      );
    },
  };
}

async function readSupergraph(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: unknown) => {
    throw new MeshError('INVALID_SUPERGRAPH', `${file} cannot be read: ${(cause as Error).message}`, { cause });
  });
}

function reporting(serve: (sdl: string) => Promise<void>, log: Logger): (sdl: string) => void {
  return latestOnly((sdl) =>
    serve(sdl).then(
      () => log.info('the supergraph has changed and is served from now on'),
      (error: unknown) => {
        const what = error instanceof MeshError ? { code: error.code, reason: error.message } : { err: error };
        log.error(what, 'the changed supergraph cannot be served; the old one goes on');
      },
    ),
  );
}
