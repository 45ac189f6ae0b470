import {
  getNamedType,
  isScalarType,
  isSpecifiedScalarType,
  Kind,
  parseType,
  TypeInfo,
  visit,
  visitWithTypeInfo,
  type DocumentNode,
  type FloatValueNode,
  type GraphQLSchema,
  type IntValueNode,
  type StringValueNode,
  type VariableDefinitionNode,
  type VariableNode,
} from 'graphql';
import { findOperation } from '../planner/rootFields.js';
import type { NormalizedText } from './normalizeText.js';

export interface Hoisted {
  /** The document with variables in place of literals. */
  readonly document: DocumentNode;
  /** For each new variable, the number of the literal that is its value. */
  readonly variables: readonly { readonly name: string; readonly literal: number }[];
  /** Numbers of the literals that stand where a variable cannot; they stay in the document. */
  readonly kept: readonly number[];
}

type Literal = StringValueNode | IntValueNode | FloatValueNode;

/**
 * Puts variables in place of the literals that `normalizeText` took out of the text of this (valid) document, so that one plan serves all
 * values. Not inside a value of a custom scalar, whose parts have no types, nor for a number that is one: a variable would lose its digits.
 */
export function hoistLiterals(schema: GraphQLSchema, document: DocumentNode, { starts, equals }: NormalizedText): Hoisted {
  const prefix = freePrefix(document);
  const definitions: VariableDefinitionNode[] = [];
  const variables: { name: string; literal: number }[] = [];
  const kept: number[] = [];
  const known = new Map<string, string>();
  const info = new TypeInfo(schema);
  let next = 0;
  /** The label of an @defer is part of the operation, and the planner must know it. */
  let inDefer = false;
  const take = (node: Literal): VariableNode | undefined => {
    if (node.loc?.start !== starts[next]) return undefined;
    const literal = next++;
    const type = info.getInputType();
    const named = getNamedType(type);
    if (!type || inDefer || (node.kind !== Kind.STRING && isScalarType(named) && !isSpecifiedScalarType(named))) {
      kept.push(literal);
      return undefined;
    }
    const key = `${equals[literal]} ${String(type)}`;
    let name = known.get(key);
    if (name === undefined) {
      name = `${prefix}${variables.length}`;
      known.set(key, name);
      variables.push({ name, literal });
      definitions.push({
        kind: Kind.VARIABLE_DEFINITION,
        variable: variable(name),
        type: parseType(String(type), { noLocation: true }),
      });
    }
    return variable(name);
  };
  const hoisted = visit(
    document,
    visitWithTypeInfo(info, {
      VariableDefinition: () => false,
      Directive: {
        enter: ({ name }) => void (inDefer = name.value === 'defer'),
        leave: () => void (inDefer = false),
      },
      StringValue: take,
      IntValue: take,
      FloatValue: take,
    }),
  );
  const operation = findOperation(hoisted);
  const variableDefinitions = [...(operation.variableDefinitions ?? []), ...definitions];
  return {
    document: {
      ...hoisted,
      definitions: hoisted.definitions.map((each) => (each === operation ? { ...operation, variableDefinitions } : each)),
    },
    variables,
    kept,
  };
}

function variable(name: string): VariableNode {
  return { kind: Kind.VARIABLE, name: { kind: Kind.NAME, value: name } };
}

function freePrefix(document: DocumentNode): string {
  const taken = findOperation(document).variableDefinitions?.map(({ variable: { name } }) => name.value) ?? [];
  let prefix = '_l';
  while (taken.some((name) => name.startsWith(prefix))) prefix += '_';
  return prefix;
}
