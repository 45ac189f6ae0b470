import type { GraphQLFormattedError } from 'graphql';
import type { PrintedResult } from '../../execution/Outcome.js';

/** The JSON of an answer: errors first, as the specification advises (spec.graphql.org/draft, 7.1). */
export function printAnswer({ data, errors }: PrintedResult): string {
  return errors ? `{"errors":${JSON.stringify(errors.map(inOrder))},"data":${data}}` : `{"data":${data}}`;
}

function inOrder({ message, path, extensions }: GraphQLFormattedError): GraphQLFormattedError {
  return { message, ...(path && { path }), ...(extensions && { extensions }) };
}
