import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../subgraphs/shared/packageRoot.js';

/** A real process of the built `mesh` command. */
export interface MeshProcess {
  readonly child: ChildProcess;
  /** Everything it has printed so far, both streams. */
  output(): string;
  /** Resolves with the first match in what it prints, rejects when it exits before. */
  printed(pattern: RegExp): Promise<RegExpExecArray>;
  /** Resolves to the exit code (null: ended by a signal). */
  exited(): Promise<number | null>;
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

const running = new Set<ChildProcess>();
// A test that fails before it can stop what it started leaves nothing behind.
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')));

export function startMeshProcess(args: readonly string[], env: Record<string, string> = {}): MeshProcess {
  const child = spawn(process.execPath, [join(packageRoot, 'dist/gateway/cli.js'), ...args], {
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  const watchers = new Set<() => void>();
  const take = (chunk: Buffer): void => {
    text += chunk.toString();
    for (const look of watchers) look();
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  running.add(child);
  const exit = once(child, 'close').then(() => {
    running.delete(child);
    return child.exitCode;
  });

  const printed = (pattern: RegExp): Promise<RegExpExecArray> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const match = pattern.exec(text);
        if (!match) return;
        watchers.delete(look);
        resolve(match);
      };
      watchers.add(look);
      look();
      void exit.then((code) =>
        reject(new Error(`mesh ${args.join(' ')} exited with ${code} before printing ${pattern}:\n${text}`)),
      );
    });

  return {
    child,
    output: () => text,
    printed,
    exited: () => exit,
    stop: async (signal = 'SIGTERM') => {
      child.kill(signal);
      return exit;
    },
  };
}

/** `mesh start` on a port of its own. */
export async function startWholeMesh(dataDir: string, env: Record<string, string> = {}): Promise<MeshProcess & { url: string }> {
  const mesh = startMeshProcess(['start'], { PORT: '0', MESH_DATA_DIR: dataDir, ...env });
  return { ...mesh, url: await gatewayUrl(mesh) };
}

/** Where it listens, once it can answer. */
export async function gatewayUrl({ printed }: MeshProcess): Promise<string> {
  const [, url] = await printed(/ready at (http:\/\/[\w.:]+)/i);
  return url!;
}

export async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'mesh-test-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
