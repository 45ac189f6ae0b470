import {
  getLocation,
  Kind,
  visit,
  type ASTNode,
  type ConstDirectiveNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type ObjectTypeDefinitionNode,
  type ObjectTypeExtensionNode,
  type StringValueNode,
  type TypeNode,
} from 'graphql';
import type { SubgraphSource } from './composeMesh.js';

const MESH_URL = 'https://agent-mesh.dev/mesh/v1.0';
const MESH_DIRECTIVES = new Set(['governed', 'sensitive', 'costRouted', 'eventStream', 'degradable', 'cacheControl']);
const ROOTS = new Set(['Query', 'Mutation', 'Subscription']);

type ObjectNode = ObjectTypeDefinitionNode | ObjectTypeExtensionNode;

/**
 * What composition lets pass and is wrong all the same: directives that it would drop without a word, and non-null promises that one
 * dead subgraph or one denial would turn into a null answer. Each problem is `subgraph:line:column: what`.
 */
export function lintSubgraph({ name, typeDefs }: SubgraphSource): string[] {
  const problems: string[] = [];
  const report = (node: ASTNode, what: string): void => {
    const place = node.loc ? getLocation(node.loc.source, node.loc.start) : { line: 1, column: 1 };
    problems.push(`${name}:${place.line}:${place.column}: ${what}`);
  };
  lintLinks(typeDefs, report);
  lintDescriptions(typeDefs, report);
  const entities = entityNames(typeDefs);
  for (const definition of typeDefs.definitions) {
    if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION && definition.kind !== Kind.OBJECT_TYPE_EXTENSION) continue;
    for (const field of definition.fields ?? []) lintField(definition, field, entities, report);
  }
  return problems;
}

type Report = (node: ASTNode, what: string) => void;

/** The schema is the documentation that clients see, and what the demo's librarian answers from. */
function lintDescriptions(document: DocumentNode, report: Report): void {
  visit(document, {
    enter: (node) => {
      if (!('description' in node) || !('name' in node) || !node.name || node.description) return;
      if (!ROOTS.has(node.name.value)) report(node, `${node.name.value} has no description`);
    },
  });
}

function lintLinks(document: DocumentNode, report: Report): void {
  const composed = new Set<string>();
  const links: ConstDirectiveNode[] = [];
  visit(document, {
    Directive: (node) => {
      if (node.name.value === 'composeDirective') composed.add(textArgument(node as ConstDirectiveNode, 'name').slice(1));
      if (node.name.value === 'link') links.push(node as ConstDirectiveNode);
    },
  });
  for (const link of links) {
    const url = textArgument(link, 'url');
    if (url.startsWith('https://agent-mesh.dev/') && url !== MESH_URL)
      report(link, `links ${url}; every subgraph links ${MESH_URL}`);
    const imports = link.arguments?.find((argument) => argument.name.value === 'import')?.value;
    if (url === MESH_URL && imports?.kind === Kind.LIST && imports.values.some(({ kind }) => kind === Kind.OBJECT)) {
      report(link, 'renames what it imports; composition cannot join renamed directives');
    }
  }
  visit(document, {
    Directive: (node) => {
      if (MESH_DIRECTIVES.has(node.name.value) && !composed.has(node.name.value)) {
        report(
          node,
          `applies @${node.name.value} without @composeDirective(name: "@${node.name.value}"), so composition would drop it`,
        );
      }
    },
    DirectiveDefinition: (node) => {
      const enums = new Set(
        document.definitions
          .filter(({ kind }) => kind === Kind.ENUM_TYPE_DEFINITION)
          .map((each) => (each as { name: { value: string } }).name.value),
      );
      for (const argument of node.arguments ?? []) {
        if (enums.has(named(argument.type)))
          report(
            argument,
            `gives @${node.name.value} an argument of an enum type, which would leak into the API schema; use String`,
          );
      }
    },
  });
}

function lintField(type: ObjectNode, field: FieldDefinitionNode, entities: ReadonlySet<string>, report: Report): void {
  const where = `${type.name.value}.${field.name.value}`;
  const nonNull = field.type.kind === Kind.NON_NULL_TYPE;
  if (ROOTS.has(type.name.value) && nonNull)
    report(field, `${where} is non-null; a root field that fails would null the whole answer`);
  if (entities.has(named(field.type)) && refersNonNull(field.type)) {
    report(field, `${where} refers to an entity as non-null; another subgraph or a denial may take it away, list items included`);
  }
  const silent = field.directives?.some(
    (directive) => directive.name.value === 'governed' && textArgument(directive, 'onDeny') === 'NULL',
  );
  if ((silent || field.directives?.some((directive) => directive.name.value === 'sensitive')) && nonNull) {
    report(field, `${where} may be withheld and is non-null`);
  }
  const isContribution = entities.has(type.name.value) && isContributed(type, field);
  if (isContribution && nonNull)
    report(field, `${where} is added to another subgraph's entity and is non-null; a dead subgraph would null the entity`);
}

/** A type whose only own fields beside its keys are guarded by scopes is another subgraph's, to which this one adds. */
function isContributed(type: ObjectNode, field: FieldDefinitionNode): boolean {
  const keys = new Set(
    (type.directives ?? [])
      .filter((directive) => directive.name.value === 'key')
      .flatMap((directive) => textArgument(directive, 'fields').split(/\W+/)),
  );
  const own = (type.fields ?? []).filter((each) => !keys.has(each.name.value));
  return (
    !keys.has(field.name.value) &&
    own.every((each) => each.directives?.some((directive) => directive.name.value === 'requiresScopes'))
  );
}

function entityNames(document: DocumentNode): ReadonlySet<string> {
  return new Set(
    document.definitions.flatMap((definition) =>
      definition.kind === Kind.OBJECT_TYPE_DEFINITION &&
      definition.directives?.some((directive) => directive.name.value === 'key')
        ? [definition.name.value]
        : [],
    ),
  );
}

/** The reference itself: a list may be promised, what stands in it may not. */
function refersNonNull(type: TypeNode): boolean {
  if (type.kind === Kind.LIST_TYPE) return refersNonNull(type.type);
  return type.kind === Kind.NON_NULL_TYPE && (type.type.kind === Kind.NAMED_TYPE || refersNonNull(type.type));
}

function named(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : named(type.type);
}

function textArgument(directive: ConstDirectiveNode, name: string): string {
  const value = directive.arguments?.find((argument) => argument.name.value === name)?.value as StringValueNode | undefined;
  return value?.value ?? '';
}
