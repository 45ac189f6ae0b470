import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Kind, parse, type DefinitionNode, type DocumentNode, type StringValueNode } from 'graphql';
import { packageRoot } from '../../shared/packageRoot.js';
import type { Passage } from './Passage.js';

/** Wrappers that say nothing about what they wrap. */
const BOILERPLATE = /(?:Payload|Connection|Edge)$/;
const ROOTS = new Set(['Query', 'Mutation', 'Subscription']);

/** How much each kind of description explains, beside README's prose. */
const WEIGHTS = { type: 0.9, rootField: 0.8, directive: 0.8, field: 0.6, value: 0.6, argument: 0.4 } as const;

interface Described {
  readonly name: string;
  readonly text: string;
  readonly weight: number;
}

/** The SDL's descriptions: of types (an enum with its values), fields, arguments and directives. What is said twice counts once. */
export function schemaPassages(): Passage[] {
  const files = readdirSync(join(packageRoot, 'schema')).filter(
    (file) => file.endsWith('.graphql') && file !== 'supergraph.graphql',
  );
  const said = new Set<string>();
  return files.flatMap((file) =>
    describedIn(parse(readFileSync(join(packageRoot, 'schema', file), 'utf8')))
      .filter(({ text }) => !said.has(text) && said.add(text))
      .map(({ name, text, weight }): Passage => {
        return { source: `schema/${file}`, name, heading: '', text: `${name}: ${text}`, context: '', weight };
      }),
  );
}

function describedIn(document: DocumentNode): Described[] {
  return document.definitions.flatMap(definitionParts);
}

function definitionParts(node: DefinitionNode): Described[] {
  switch (node.kind) {
    case Kind.OBJECT_TYPE_DEFINITION:
    case Kind.OBJECT_TYPE_EXTENSION:
    case Kind.INTERFACE_TYPE_DEFINITION:
    case Kind.INPUT_OBJECT_TYPE_DEFINITION: {
      const type = node.name.value;
      if (BOILERPLATE.test(type)) return [];
      const isRoot = ROOTS.has(type);
      const shown = (node.fields ?? []).filter(({ name }) => !name.value.startsWith('_'));
      const fields = shown.flatMap((field) => {
        const name = isRoot ? field.name.value : `${type}.${field.name.value}`;
        const args = 'arguments' in field ? (field.arguments ?? []) : [];
        return [
          ...described(name, field.description, isRoot ? WEIGHTS.rootField : WEIGHTS.field),
          ...args.flatMap((arg) => described(`${name}.${arg.name.value}`, arg.description, WEIGHTS.argument)),
        ];
      });
      return [...described(type, 'description' in node ? node.description : undefined, WEIGHTS.type), ...fields];
    }
    case Kind.ENUM_TYPE_DEFINITION: {
      const values = (node.values ?? []).map(({ name, description }) => ({ name: name.value, text: textOf(description) }));
      const list = values.map(({ name, text }) => (text ? `${name}: ${text}` : `${name}.`)).join(' ');
      return [
        { name: node.name.value, text: [textOf(node.description), list].join(' '), weight: WEIGHTS.type },
        ...values.flatMap(({ name, text }) =>
          text ? [{ name: `${node.name.value}.${name}`, text, weight: WEIGHTS.value }] : [],
        ),
      ];
    }
    case Kind.DIRECTIVE_DEFINITION:
      return [
        ...described(`@${node.name.value}`, node.description, WEIGHTS.directive),
        ...(node.arguments ?? []).flatMap((arg) =>
          described(`@${node.name.value}.${arg.name.value}`, arg.description, WEIGHTS.argument),
        ),
      ];
    case Kind.SCALAR_TYPE_DEFINITION:
    case Kind.UNION_TYPE_DEFINITION:
      return described(node.name.value, node.description, WEIGHTS.type);
    default:
      return [];
  }
}

function described(name: string, description: StringValueNode | undefined, weight: number): Described[] {
  const text = textOf(description);
  return text === '' ? [] : [{ name, text, weight }];
}

function textOf(description: StringValueNode | undefined): string {
  return (description?.value ?? '').replaceAll('`', '').replace(/\s+/g, ' ').trim();
}
