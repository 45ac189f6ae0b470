import { MeshError } from './errors.js';

/** Newest first, ties by id. A cursor is base64url of [version, sortKey, id]. */
export interface PageKey {
  /** When it was made, RFC 3339. */
  readonly sortKey: string;
  readonly id: string;
}

export interface PageRequest {
  /** How many rows the page has; fetch one more to know whether another page follows. */
  readonly limit: number;
  readonly after: PageKey | null;
}

export interface Connection<Row> {
  readonly nodes: Row[];
  readonly edges: { cursor: string; node: Row }[];
  readonly pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null };
  readonly totalCount: number;
}

const VERSION = 1;
const MAX_FIRST = 100;
const DEFAULT_FIRST = 20;

/** Throws BAD_USER_INPUT when `first` is not 1 to 100, BAD_CURSOR when `after` is not a cursor. */
export function readPage({ first, after }: { first?: number | null; after?: string | null }): PageRequest {
  const limit = first ?? DEFAULT_FIRST;
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_FIRST) {
    throw new MeshError('BAD_USER_INPUT', `first must be from 1 to ${MAX_FIRST}, not ${limit}.`);
  }
  return { limit, after: after === null || after === undefined ? null : decode(after) };
}

/** `rows` holds up to `limit + 1`, in order; `hasPrevious` is whether the page was asked for with a cursor. */
export function toConnection<Row>(
  rows: readonly Row[],
  limit: number,
  hasPrevious: boolean,
  totalCount: number,
  keyOf: (row: Row) => PageKey,
): Connection<Row> {
  const nodes = rows.slice(0, limit);
  const edges = nodes.map((node) => ({ cursor: encode(keyOf(node)), node }));
  return {
    nodes,
    edges,
    pageInfo: {
      hasNextPage: rows.length > limit,
      hasPreviousPage: hasPrevious,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
    totalCount,
  };
}

function encode({ sortKey, id }: PageKey): string {
  return Buffer.from(JSON.stringify([VERSION, sortKey, id])).toString('base64url');
}

function decode(cursor: string): PageKey {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (
      Array.isArray(parts) &&
      parts.length === 3 &&
      parts[0] === VERSION &&
      typeof parts[1] === 'string' &&
      isMoment(parts[1]) &&
      typeof parts[2] === 'string' &&
      !parts[2].includes('\0')
    ) {
      return { sortKey: parts[1], id: parts[2] };
    }
  } catch {
    // Falls through to the one answer for everything that is not a cursor.
  }
  throw new MeshError('BAD_CURSOR', 'The cursor was not made by this field. Start without one.');
}

function isMoment(text: string): boolean {
  const date = new Date(text);
  return !Number.isNaN(date.getTime()) && date.toISOString() === text;
}
