import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { parse, print, type DocumentNode } from 'graphql';
import { MeshError } from '../../errors.js';

/** Operations that clients have published before they ask for them. */
export interface Manifest {
  /** The text of an id, or of the SHA-256 of a text, with or without `sha256:` before it. */
  find(id: string): string | undefined;
  /** Whether the text is one of them; blanks, commas and comments make no difference. */
  has(text: string, document: () => DocumentNode): boolean;
}

const SHOWN = 10;

/**
 * Reads Apollo's persisted query manifest (`apollo-persisted-query-manifest`, version 1) or a plain JSON object of id → text. Null when
 * there is no file. Rejects with INVALID_CONFIGURATION, naming what is wrong with the first operations.
 */
export async function readManifest(file: string | null): Promise<Manifest | null> {
  if (file === null) return null;
  const fail = (why: string, cause?: unknown): MeshError =>
    new MeshError('INVALID_CONFIGURATION', `MESH_PERSISTED_MANIFEST: ${file} ${why}`, { cause });
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw fail(`cannot be read: ${(cause as Error).message}`, cause);
  });
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    throw fail(`is not JSON: ${(cause as Error).message}`, cause);
  }
  const entries = entriesOf(content);
  if (!entries)
    throw fail('is neither a manifest of the format apollo-persisted-query-manifest, version 1, nor an object of id → text.');
  const { manifest, problems } = createManifest(entries);
  if (problems.length > 0) throw fail(`is wrong:\n  ${problems.slice(0, SHOWN).join('\n  ')}`);
  return manifest;
}

type Entry = readonly [id: unknown, text: unknown];

function entriesOf(content: unknown): Entry[] | null {
  if (content === null || typeof content !== 'object' || Array.isArray(content)) return null;
  const { format, version, operations } = content as Record<string, unknown>;
  if (format === undefined) return Object.entries(content);
  if (format !== 'apollo-persisted-query-manifest' || version !== 1 || !Array.isArray(operations)) return null;
  return operations.map((operation: unknown) => {
    const { id, body } = (operation ?? {}) as Record<string, unknown>;
    return [id, body];
  });
}

function createManifest(entries: readonly Entry[]): { manifest: Manifest; problems: string[] } {
  const problems: string[] = [];
  const byId = new Map<string, string>();
  const byHash = new Map<string, string>();
  const printed = new Set<string>();
  for (const [id, text] of entries) {
    if (typeof id !== 'string' || id === '' || typeof text !== 'string') {
      problems.push(`${JSON.stringify(id)}: an operation has an id and a text`);
      continue;
    }
    if ((byId.get(id) ?? text) !== text) problems.push(`${JSON.stringify(id)} is there twice, with different texts`);
    try {
      printed.add(print(parse(text)));
    } catch (error) {
      problems.push(`${JSON.stringify(id)}: ${(error as Error).message}`);
    }
    byId.set(id, text);
    byHash.set(createHash('sha256').update(text).digest('hex'), text);
  }
  const texts = new Set(byId.values());
  const manifest: Manifest = {
    find: (id) => byId.get(id) ?? byHash.get(id.replace(/^sha256:/, '').toLowerCase()) ?? byId.get(id.replace(/^sha256:/, '')),
    has: (text, document) => texts.has(text) || printed.has(print(document())),
  };
  return { manifest, problems };
}
