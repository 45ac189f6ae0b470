import { Kind, visit, type DirectiveNode, type DocumentNode } from 'graphql';
import { MeshError } from '../errors.js';
import type { RootField } from './rootFields.js';

/** Whether the document has an @defer anywhere. */
export function hasDefer(document: DocumentNode): boolean {
  let found = false;
  visit(document, { Directive: (directive) => void (found ||= isDefer(directive)) });
  return found;
}

/** The same without: a server may always answer at once. Variables that only @defer used stay declared, which harms nobody after validation. */
export function withoutDefer(document: DocumentNode): DocumentNode {
  return visit(document, { Directive: (directive) => (isDefer(directive) ? null : undefined) });
}

/**
 * What validation by the specification's stable rules does not look at. Throws GRAPHQL_VALIDATION_FAILED for a label that is a variable
 * or used twice, and for @defer at the root of a mutation, whose fields have an order.
 */
export function checkDefer(document: DocumentNode, kind: string, fields: readonly RootField[]): void {
  const labels = new Set<string>();
  visit(document, {
    Directive: (directive) => {
      const label = isDefer(directive) && directive.arguments?.find(({ name }) => name.value === 'label')?.value;
      if (!label || label.kind === Kind.NULL) return;
      if (label.kind !== Kind.STRING) throw invalid('The label of @defer must be written as a string.');
      if (labels.has(label.value)) throw invalid(`The label "${label.value}" of @defer is used twice; each part needs its own.`);
      labels.add(label.value);
    },
  });
  if (kind === 'mutation' && fields.some(({ conditions }) => conditions.flat().some(isDefer)))
    throw invalid('@defer cannot stand at the root of a mutation; its fields run one after the other.');
}

function isDefer({ name }: DirectiveNode): boolean {
  return name.value === 'defer';
}

function invalid(message: string): MeshError {
  return new MeshError('GRAPHQL_VALIDATION_FAILED', message);
}
