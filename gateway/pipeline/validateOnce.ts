import { validate, type DocumentNode, type GraphQLError, type GraphQLSchema } from 'graphql';

const valid = new WeakMap<GraphQLSchema, WeakSet<DocumentNode>>();

/** The errors of a document against a schema; that there are none is remembered as long as both live. */
export function validateOnce(schema: GraphQLSchema, document: DocumentNode): readonly GraphQLError[] {
  let documents = valid.get(schema);
  if (!documents) valid.set(schema, (documents = new WeakSet()));
  if (documents.has(document)) return [];
  const errors = validate(schema, document);
  if (errors.length === 0) documents.add(document);
  return errors;
}
