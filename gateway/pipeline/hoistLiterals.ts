import {
  getNamedType,
  getNullableType,
  GraphQLNonNull,
  isLeafType,
  isScalarType,
  isSpecifiedScalarType,
  Kind,
  parseType,
  TypeInfo,
  visit,
  visitWithTypeInfo,
  type DocumentNode,
  type FloatValueNode,
  type GraphQLNamedType,
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
  const take = (node: Literal): VariableNode | undefined => {
    if (node.loc?.start !== starts[next]) return undefined;
    const literal = next++;
    const given = info.getInputType();
    if (!given || isInScalar(info) || (node.kind !== Kind.STRING && isCustomScalar(getNamedType(given)))) {
      kept.push(literal);
      return undefined;
    }
    // A literal is not null, and some places (@oneOf) want to know that of a variable.
    const type = new GraphQLNonNull(getNullableType(given));
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

/** A list or an object that a custom scalar takes as a whole. */
function isInScalar(info: TypeInfo): boolean {
  return isLeafType(getNullableType(info.getParentInputType()));
}

function isCustomScalar(type: GraphQLNamedType): boolean {
  return isScalarType(type) && !isSpecifiedScalarType(type);
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
