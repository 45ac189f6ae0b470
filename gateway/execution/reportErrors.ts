import type { GraphQLFormattedError } from 'graphql';
import type { Run } from './Run.js';
import type { ResponsePath } from './Target.js';

/** A subgraph's errors keep their words and codes and get the places that they have in the growing answer. */
export function reportErrors(
  errors: readonly GraphQLFormattedError[],
  { report }: Pick<Run, 'report'>,
  place: (path: ResponsePath) => (string | number)[][],
  everywhere: () => (string | number)[][],
): void {
  for (const { message, extensions, path } of errors) {
    const shown = { message, extensions: { ...extensions, code: extensions?.['code'] ?? 'SUBREQUEST_FAILED' } };
    report(shown, path?.length ? place(path) : everywhere());
  }
}
