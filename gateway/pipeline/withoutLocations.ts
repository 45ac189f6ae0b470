import type { DocumentNode } from 'graphql';

/**
 * A copy without the places of its nodes in the text, which hold the text and every token of it: more than all the rest. For what is kept
 * and will not have to say where something is wrong.
 */
export function withoutLocations(document: DocumentNode): DocumentNode {
  return copy(document) as DocumentNode;
}

function copy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copy);
  if (value === null || typeof value !== 'object') return value;
  const copied: Record<string, unknown> = {};
  for (const [name, part] of Object.entries(value)) if (name !== 'loc') copied[name] = copy(part);
  return copied;
}
