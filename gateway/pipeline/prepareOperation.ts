import {
  coerceInputValue,
  typeFromAST,
  type DocumentNode,
  type GraphQLInputType,
  type GraphQLSchema,
  type OperationTypeNode,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import { findOperation } from '../planner/rootFields.js';
import { hoistLiterals, type Hoisted } from './hoistLiterals.js';
import { normalizeText, type NormalizedText } from './normalizeText.js';
import { selectOperation } from './selectOperation.js';
import { validateOnce } from './validateOnce.js';
import { withoutLocations } from './withoutLocations.js';

/** A valid operation, alone in its document. */
export interface PreparedOperation {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly kind: OperationTypeNode;
  /** What the client calls it. */
  readonly name: string | undefined;
  /** Values of variables that stand for literals of the text. */
  readonly literals: Readonly<Record<string, unknown>>;
}

/**
 * From a text to a valid operation, mostly by looking it up: first by the text, then by what is left of it without its name and literals,
 * so that a client that writes its values into the text is planned for once. Null when the text is not a valid operation: whoever answers
 * then finds out why. Throws what `checkOperation` throws, and GRAPHQL_VALIDATION_FAILED when there is no operation of that name.
 */
export type PrepareOperation = (schema: GraphQLSchema, source: string, operationName?: string) => PreparedOperation | null;

/** The rest of an operation, but for its variables and its literals' values. */
interface Shape extends Hoisted {
  readonly types: readonly GraphQLInputType[];
}

const KEPT = 2_000;
const KEPT_CHARACTERS = 16 * 1024 * 1024;

export function createPrepareOperation(checkOperation: (source: string) => DocumentNode): PrepareOperation {
  const bySchema = new WeakMap<GraphQLSchema, ReturnType<typeof createKnown>>();
  return (schema, source, operationName) => {
    let known = bySchema.get(schema);
    if (!known) bySchema.set(schema, (known = createKnown(schema, checkOperation)));
    return known(source, operationName);
  };
}

function createKnown(schema: GraphQLSchema, checkOperation: (source: string) => DocumentNode) {
  const bounds = { max: KEPT, maxSize: KEPT_CHARACTERS, sizeCalculation: (_: object, key: string) => key.length + 1 };
  const texts = new LRUCache<string, PreparedOperation>(bounds);
  const sightings = createSightings();
  const shapes = new LRUCache<string, Shape>(bounds);

  const prepared = (document: DocumentNode, name: string | null, literals: PreparedOperation['literals']): PreparedOperation => {
    const kind = findOperation(document).operation;
    return { schema, document, kind, name: name ?? undefined, literals };
  };
  const look = (source: string, operationName: string | undefined): PreparedOperation | null => {
    const normalized = normalizeText(source);
    const isNamed = normalized && (operationName === undefined || operationName === normalized.name);
    const shape = isNamed && shapeOf(normalized);
    if (shape) {
      const literals = literalsOf(shape, normalized);
      if (literals) return prepared(shape.document, normalized.name, literals);
    }
    const document = checkOperation(source);
    if (validateOnce(schema, document).length > 0) return null;
    if (!isNamed) {
      const { document: alone, name } = selectOperation({ schema, document, operationName, variables: {} });
      return prepared(withoutLocations(alone), name, {});
    }
    return remember(document, normalized);
  };
  const shapeOf = ({ key, literals }: NormalizedText): Shape | undefined => {
    const shape = shapes.get(key);
    return shape && shape.kept.length > 0 ? shapes.get(variantOf(key, shape.kept, literals)) : shape;
  };
  const remember = (document: DocumentNode, normalized: NormalizedText): PreparedOperation => {
    const { key, name, literals } = normalized;
    const hoisted = hoistLiterals(schema, document, normalized);
    const selected = selectOperation({ schema, document: hoisted.document, variables: {} });
    const alone = withoutLocations(selected.document);
    const definitions = findOperation(alone).variableDefinitions ?? [];
    const types = hoisted.variables.map(({ name: wanted }) => {
      const { type } = definitions.find(({ variable }) => variable.name.value === wanted)!;
      return typeFromAST(schema, type) as GraphQLInputType;
    });
    const shape = { ...hoisted, document: alone, types };
    shapes.set(key, shape);
    if (shape.kept.length > 0) shapes.set(variantOf(key, shape.kept, literals), shape);
    return prepared(alone, name, literalsOf(shape, normalized)!);
  };

  return (source: string, operationName: string | undefined): PreparedOperation | null => {
    // A text with that sign in front of it is none.
    const key = operationName === undefined ? source : `${operationName}\0${source}`;
    let known = texts.get(key);
    if (!known) {
      const found = look(source, operationName);
      if (!found) return null;
      known = found;
      // Texts that come once would push out those that come again.
      if (sightings.isSecond(key)) texts.set(key, known);
    }
    return known;
  };
}

const SIGHTINGS = 4_096;

/** Remembers about as many texts by a number made of them. */
function createSightings(): { isSecond(text: string): boolean } {
  const seen = new Int32Array(SIGHTINGS);
  return {
    isSecond: (text) => {
      let hash = text.length;
      for (let index = 0; index < text.length; index++) hash = (Math.imul(hash, 31) + text.charCodeAt(index)) | 0;
      const place = hash & (SIGHTINGS - 1);
      if (seen[place] === hash) return true;
      seen[place] = hash;
      return false;
    },
  };
}

function variantOf(key: string, kept: readonly number[], literals: NormalizedText['literals']): string {
  return `${key}\n${JSON.stringify(kept.map((literal) => literals[literal]))}`;
}

/** Null when one does not fit its type: then the text is not valid, although others of its shape are. */
function literalsOf({ variables, types }: Shape, { literals }: NormalizedText): Record<string, unknown> | null {
  const values: Record<string, unknown> = {};
  let fits = true;
  variables.forEach(({ name, literal }, index) => {
    values[name] = literals[literal];
    coerceInputValue(values[name], types[index]!, () => (fits = false));
  });
  return fits ? values : null;
}
