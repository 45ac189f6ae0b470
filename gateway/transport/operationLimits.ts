import { GraphQLError, Kind, parse, type DocumentNode, type FragmentDefinitionNode, type SelectionSetNode } from 'graphql';
import { LRUCache } from 'lru-cache';
import { LIMITS } from '../config/limits.js';
import { MeshError } from '../errors.js';

/** With the places of all nodes a document takes sixty times as much as its text. Those of operations that have been prepared are not asked for again. */
const REMEMBERED = 250;
const REMEMBERED_CHARACTERS = 256 * 1024;

/**
 * Refuses operations that would cost too much before anything else is done with them: validation compares fields in pairs, so that
 * 15,000 tokens of one repeated field would hold the process for seconds. What has passed is remembered by its text.
 * Throws OPERATION_TOO_LARGE; GRAPHQL_VALIDATION_FAILED for an alias that JavaScript takes for something else; GRAPHQL_PARSE_FAILED with line and column.
 */
export function createOperationCheck(): (source: string) => DocumentNode {
  const passed = new LRUCache<string, DocumentNode>({
    max: REMEMBERED,
    maxSize: REMEMBERED_CHARACTERS,
    sizeCalculation: (_, key) => key.length + 1,
  });
  return (source) => {
    let document = passed.get(source);
    if (!document) {
      document = parseBounded(source);
      checkSize(document);
      passed.set(source, document);
    }
    return document;
  };
}

function parseBounded(source: string): DocumentNode {
  try {
    return parse(source, { maxTokens: LIMITS.tokens });
  } catch (cause) {
    // The parser calls itself for every level: a text of brackets alone can exhaust the stack before it exhausts the tokens.
    if (cause instanceof RangeError) throw tooLarge('levels', LIMITS.depth);
    if (cause instanceof GraphQLError && cause.message.includes('tokens')) throw tooLarge('tokens', LIMITS.tokens);
    if (cause instanceof GraphQLError) {
      const at = cause.locations?.map(({ line, column }) => ` (line ${line}, column ${column})`).join('') ?? '';
      throw new MeshError('GRAPHQL_PARSE_FAILED', `${cause.message}${at}`, { extensions: { locations: cause.locations } });
    }
    throw cause;
  }
}

interface Size {
  readonly depth: number;
  readonly fields: number;
  readonly aliases: number;
}

const NOTHING: Size = { depth: 0, fields: 0, aliases: 0 };

function checkSize({ definitions }: DocumentNode): void {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of definitions)
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  const sizes = new Map<string, Size>();
  let total = NOTHING;
  for (const definition of definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION && definition.kind !== Kind.FRAGMENT_DEFINITION) continue;
    const size = sizeOf(definition.selectionSet, fragments, sizes);
    total = {
      depth: Math.max(total.depth, size.depth),
      fields: total.fields + size.fields,
      aliases: total.aliases + size.aliases,
    };
    if (total.depth > LIMITS.depth) throw tooLarge('levels', LIMITS.depth);
    if (total.fields > LIMITS.fields) throw tooLarge('fields', LIMITS.fields);
    if (total.aliases > LIMITS.aliases) throw tooLarge('aliases', LIMITS.aliases);
    if (
      definition.kind === Kind.OPERATION_DEFINITION &&
      rootFields(definition.selectionSet, fragments, new Set()) > LIMITS.rootFields
    )
      throw tooLarge('root fields', LIMITS.rootFields);
  }
}

/** Each fragment is measured once. One that holds itself counts as nothing there: validation says what is wrong with it. */
function sizeOf(set: SelectionSetNode, fragments: ReadonlyMap<string, FragmentDefinitionNode>, sizes: Map<string, Size>): Size {
  let { depth, fields, aliases } = NOTHING;
  for (const selection of set.selections) {
    let inner = NOTHING;
    if (selection.kind === Kind.FIELD) {
      if (selection.selectionSet) inner = sizeOf(selection.selectionSet, fragments, sizes);
      if (selection.alias?.value === '__proto__')
        throw new MeshError('GRAPHQL_VALIDATION_FAILED', 'A field cannot be called __proto__. Choose another alias.');
      inner = { depth: inner.depth + 1, fields: inner.fields + 1, aliases: inner.aliases + (selection.alias ? 1 : 0) };
    } else if (selection.kind === Kind.INLINE_FRAGMENT) {
      inner = sizeOf(selection.selectionSet, fragments, sizes);
    } else {
      const name = selection.name.value;
      const fragment = fragments.get(name);
      if (fragment && !sizes.has(name)) {
        sizes.set(name, NOTHING);
        sizes.set(name, sizeOf(fragment.selectionSet, fragments, sizes));
      }
      inner = sizes.get(name) ?? NOTHING;
    }
    depth = Math.max(depth, inner.depth);
    fields += inner.fields;
    aliases += inner.aliases;
  }
  return { depth, fields, aliases };
}

function rootFields(set: SelectionSetNode, fragments: ReadonlyMap<string, FragmentDefinitionNode>, spread: Set<string>): number {
  let count = 0;
  for (const selection of set.selections) {
    if (selection.kind === Kind.FIELD) count++;
    else if (selection.kind === Kind.INLINE_FRAGMENT) count += rootFields(selection.selectionSet, fragments, spread);
    else if (!spread.has(selection.name.value)) {
      spread.add(selection.name.value);
      const fragment = fragments.get(selection.name.value);
      if (fragment) count += rootFields(fragment.selectionSet, fragments, spread);
    }
  }
  return count;
}

function tooLarge(what: string, limit: number): MeshError {
  return new MeshError('OPERATION_TOO_LARGE', `The operation has more than ${limit} ${what}. Split it.`);
}
