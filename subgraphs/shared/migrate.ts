import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Database, Queryable } from './database/Database.js';
import { MeshError } from './errors.js';
import { packageRoot } from './packageRoot.js';

/**
 * Brings the Postgres schema up to date with the numbered files of `folder` (from the package root): forward only, each in a
 * transaction with its own record. Safe when several processes start together. Throws MIGRATION_FAILED, which names the file.
 */
export async function migrate(database: Database, schema: string, folder: string): Promise<void> {
  const files = readdirSync(join(packageRoot, folder))
    .filter((name) => /^\d{3}-[\w-]+\.sql$/.test(name))
    .sort();
  for (const name of files) {
    const text = readFileSync(join(packageRoot, folder, name), 'utf8');
    await database
      .transaction((tx) => migrateOne(tx, schema, name, text))
      .catch((cause: unknown) => {
        if (cause instanceof MeshError && cause.code === 'MIGRATION_FAILED') throw cause;
        throw new MeshError(
          'MIGRATION_FAILED',
          `${folder}/${name} failed: ${(cause as Error).message}. Nothing of it was kept.`,
          { cause },
        );
      });
  }
}

async function migrateOne(tx: Queryable, schema: string, name: string, text: string): Promise<void> {
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`migrate ${schema}`]);
  await tx.script(`
    create schema if not exists ${schema};
    create table if not exists ${schema}.migration (name text primary key, checksum text not null, at timestamptz not null default now());
  `);
  const checksum = createHash('sha256').update(text).digest('hex');
  const { rows } = await tx.query<{ checksum: string }>(`select checksum from ${schema}.migration where name = $1`, [name]);
  if (rows[0]?.checksum === checksum) return;
  if (rows[0]) {
    throw new MeshError(
      'MIGRATION_FAILED',
      `${schema}: ${name} was changed after it ran. Restore it, and put the change into a new migration.`,
    );
  }
  await tx.script(text);
  await tx.query(`insert into ${schema}.migration (name, checksum) values ($1, $2)`, [name, checksum]);
}
