import type { DocumentNode, OperationTypeNode } from 'graphql';
import { MeshError } from '../../errors.js';
import { findOperation } from '../../planner/rootFields.js';
import type { GraphqlRequest } from '../request/graphqlRequest.js';

/** What a request asks for, found and within the limits, not yet validated. */
export interface KnownOperation {
  readonly query: string;
  readonly document: DocumentNode;
  readonly kind: OperationTypeNode;
}

export type Documents = (asked: Pick<GraphqlRequest, 'query' | 'documentId' | 'operationName' | 'extensions'>) => KnownOperation;

/**
 * From a request to its document. Throws what `checkOperation` throws, BAD_USER_INPUT without a text, GRAPHQL_VALIDATION_FAILED when
 * the operation that is named is not there.
 */
export function createDocuments(checkOperation: (source: string) => DocumentNode): Documents {
  return ({ query, operationName }) => {
    if (!query) throw new MeshError('BAD_USER_INPUT', 'The request has no `query`.');
    const document = checkOperation(query);
    return { query, document, kind: findOperation(document, operationName ?? undefined).operation };
  };
}
