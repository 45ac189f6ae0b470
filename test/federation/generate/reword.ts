import { Kind, parse, print, visit, type ASTNode } from 'graphql';

interface Worded {
  readonly operation: string;
  readonly variables: Record<string, unknown>;
}

/**
 * The same shape in other words: names of operation, fragments and variables, whole numbers and texts are others, and so is the white
 * space. What the gateway remembers of the first must serve for the second, and nothing of its values may be remembered.
 */
export function reword({ operation, variables }: Worded): Worded {
  const other = (name: string): string => `${name}Other`;
  const renamed = <Node extends ASTNode & { readonly name: { readonly value: string } }>(node: Node): Node => ({
    ...node,
    name: { ...node.name, value: other(node.name.value) },
  });
  const document = visit(parse(operation, { noLocation: true }), {
    OperationDefinition: (node) => ({ ...node, name: { kind: Kind.NAME, value: 'Other' } }),
    FragmentDefinition: renamed,
    FragmentSpread: renamed,
    Variable: renamed,
    IntValue: (node) => ({ ...node, value: String(Number(node.value) + 7) }),
    StringValue: (node) => ({ ...node, value: `${node.value} other` }),
  });
  return {
    operation: `# other words\n${print(document).replaceAll('\n', '\n\n')}`,
    variables: Object.fromEntries(Object.entries(variables).map(([name, value]) => [other(name), value])),
  };
}
