import { createHash } from 'node:crypto';
import type { DocumentNode, OperationTypeNode } from 'graphql';
import { LRUCache } from 'lru-cache';
import type { PersistedConfig } from '../../config/httpConfig.js';
import { MeshError } from '../../errors.js';
import type { PreparedOperation } from '../../pipeline/prepareOperation.js';
import { findOperation } from '../../planner/rootFields.js';
import type { GraphqlRequest } from '../request/graphqlRequest.js';
import type { Manifest } from './readManifest.js';

/** What a request asks for, found and within the limits. */
export interface KnownOperation {
  readonly query: string;
  readonly kind: OperationTypeNode;
  /** Null: it is not known to be valid. */
  readonly prepared: PreparedOperation | null;
  /** Of the text as it is. */
  document(): DocumentNode;
}

/**
 * From a request to its document. Throws what the check of operations throws; BAD_USER_INPUT for a request without a text or with a text
 * and a hash that do not fit; GRAPHQL_VALIDATION_FAILED when the operation that is named is not there; PERSISTED_QUERY_NOT_FOUND,
 * PERSISTED_QUERY_NOT_SUPPORTED, PERSISTED_QUERY_NOT_IN_LIST, QUERY_NOT_IN_SAFELIST.
 */
export type Documents = (asked: Pick<GraphqlRequest, 'query' | 'documentId' | 'operationName' | 'extensions'>) => KnownOperation;

interface Options extends Pick<PersistedConfig, 'automatic' | 'mode'> {
  readonly checkOperation: (source: string) => DocumentNode;
  /** For the schema that is served now. */
  readonly prepare: (source: string, operationName?: string) => PreparedOperation | null;
  readonly manifest: Manifest | null;
}

const REMEMBERED = 10_000;
const REMEMBERED_CHARACTERS = 16 * 1024 * 1024;

/**
 * Texts come with the request, or are named: by an id of the manifest (`documentId`, or in the place of Apollo's hash), or by the SHA-256
 * of a text that some client has left here before (automatic persisted queries). Those are kept in memory, and the least used goes first.
 */
export function createDocuments({ checkOperation, prepare, automatic, mode, manifest }: Options): Documents {
  const left = new LRUCache<string, string>({
    max: REMEMBERED,
    maxSize: REMEMBERED_CHARACTERS,
    sizeCalculation: (text) => text.length + 1,
  });
  const published = mode === 'off' ? null : manifest;
  const isClosed = mode === 'only-safelisted';

  const textOf = ({ query, documentId, extensions }: Parameters<Documents>[0]): string => {
    const hash = hashOf(extensions);
    const id = documentId ?? hash;
    const listed = id === null ? undefined : published?.find(id);
    if (listed !== undefined && (!query || query === listed)) return listed;
    if (documentId !== null) throw notInList();
    if (hash !== null && !isClosed) {
      if (!automatic) throw new MeshError('PERSISTED_QUERY_NOT_SUPPORTED', 'PersistedQueryNotSupported');
      const known = query || left.get(hash);
      if (!known) throw new MeshError('PERSISTED_QUERY_NOT_FOUND', 'PersistedQueryNotFound');
      if (query && sha256(query) !== hash)
        throw new MeshError('BAD_USER_INPUT', 'The provided sha256Hash is not that of the query.');
      return known;
    }
    if (query) return query;
    throw hash === null ? new MeshError('BAD_USER_INPUT', 'The request has no `query`.') : notInList();
  };

  return (asked) => {
    const query = textOf(asked);
    if (isClosed && !manifest?.has(query, () => checkOperation(query)))
      throw new MeshError(
        'QUERY_NOT_IN_SAFELIST',
        'The operation is not in the manifest of persisted documents, and no others are answered.',
      );
    const operationName = asked.operationName ?? undefined;
    const prepared = prepare(query, operationName);
    const document = (): DocumentNode => checkOperation(query);
    const kind = prepared?.kind ?? findOperation(document(), operationName).operation;
    const hash = hashOf(asked.extensions);
    if (hash !== null && asked.query && automatic && !isClosed) left.set(hash, query);
    return { query, kind, prepared, document };
  };
}

function notInList(): MeshError {
  return new MeshError('PERSISTED_QUERY_NOT_IN_LIST', 'No operation of this id is in the manifest of persisted documents.');
}

/** Of Apollo's extension. Null: there is none. Throws BAD_USER_INPUT. */
function hashOf({ persistedQuery }: Readonly<Record<string, unknown>>): string | null {
  if (persistedQuery === undefined || persistedQuery === null) return null;
  const { version, sha256Hash } = persistedQuery as Record<string, unknown>;
  if (version !== 1 || typeof sha256Hash !== 'string' || sha256Hash === '')
    throw new MeshError('BAD_USER_INPUT', '`extensions.persistedQuery` must be {version: 1, sha256Hash: "…"}.');
  return /^[0-9A-F]{64}$/i.test(sha256Hash) ? sha256Hash.toLowerCase() : sha256Hash;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
