import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { sendText } from './sendText.js';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.ttf': 'font/ttf',
  '.woff': 'font/woff',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
};

/** Serves the files of one folder; nothing outside it, nothing hidden, and only the kinds above. `path` is what follows the prefix. */
export async function serveFile(folder: string, path: string, response: ServerResponse, headOnly: boolean): Promise<void> {
  const name = decode(path === '' || path === '/' ? '/index.html' : path);
  const file = name === null ? null : normalize(join(folder, name));
  const type = file === null ? undefined : TYPES[extname(file)];
  const hidden = name?.split('/').some((part) => part.startsWith('.'));
  if (file === null || type === undefined || hidden || !file.startsWith(normalize(folder) + sep))
    return notFound(folder, response);
  const found = await stat(file).catch(() => null);
  if (!found?.isFile()) return notFound(folder, response);
  response.writeHead(200, {
    'content-type': type,
    'content-length': found.size,
    // The bundler puts a hash into the names of assets; the page that names them is asked for each time.
    'cache-control': path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  });
  if (headOnly) return void response.end();
  await pipeline(createReadStream(file), response).catch(() => response.destroy());
}

async function notFound(folder: string, response: ServerResponse): Promise<void> {
  const built = await stat(join(folder, 'index.html')).catch(() => null);
  sendText(response, 404, built ? 'There is no such page.\n' : 'The console is not built. Run `npm run build`.\n');
}

function decode(path: string): string | null {
  try {
    const text = decodeURIComponent(path);
    return text.includes('\0') || text.includes('\\') ? null : text;
  } catch {
    return null;
  }
}
