import { getDirectiveValues, GraphQLIncludeDirective, GraphQLSkipDirective, type DirectiveNode } from 'graphql';

/** Whether @skip and @include leave a selection in, with these (coerced) variables. */
export function conditionsHold(
  node: { readonly directives?: readonly DirectiveNode[] | undefined },
  variables: Readonly<Record<string, unknown>>,
): boolean {
  const { directives } = node;
  if (!directives?.length) return true;
  if (getDirectiveValues(GraphQLSkipDirective, { directives }, variables)?.['if'] === true) return false;
  return getDirectiveValues(GraphQLIncludeDirective, { directives }, variables)?.['if'] !== false;
}
