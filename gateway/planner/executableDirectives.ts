import { baseType, builtTypeReference, DirectiveDefinition, type InputType, type Supergraph } from './federation.js';

const EXECUTABLE = new Set([
  'QUERY',
  'MUTATION',
  'SUBSCRIPTION',
  'FIELD',
  'FRAGMENT_DEFINITION',
  'FRAGMENT_SPREAD',
  'INLINE_FRAGMENT',
  'VARIABLE_DEFINITION',
]);

/**
 * Gives the API schema the directives that clients may write in operations although a @link brought them (@composeDirective): the API
 * schema is made without anything that was linked. One with an argument of a type that clients do not see stays out.
 */
export function addExecutableDirectives(supergraph: Supergraph): void {
  const apiSchema = supergraph.apiSchema();
  for (const definition of supergraph.schema.directives()) {
    const locations = definition.locations.filter((location) => EXECUTABLE.has(location));
    if (locations.length === 0 || apiSchema.directive(definition.name)) continue;
    if (!definition.arguments().every(({ type }) => type && apiSchema.type(baseType(type).name))) continue;
    const added = apiSchema.addDirectiveDefinition(new DirectiveDefinition(definition.name));
    for (const { name, type, defaultValue } of definition.arguments())
      added.addArgument(name, builtTypeReference(String(type), apiSchema) as InputType, defaultValue);
    added.repeatable = definition.repeatable;
    added.addLocations(...locations);
    if (definition.description !== undefined) added.description = definition.description;
  }
}
