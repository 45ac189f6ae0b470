import { valueFromASTUntyped } from 'graphql';
import { canonicalJson } from '../../../subgraphs/shared/canonicalJson.js';
import { isRecord, type Data, type DataObject } from './FederationCase.js';
import { fold } from './fold.js';
import { project, type Reader } from './project.js';
import type { Graph, OwnedField } from './readGraph.js';

/** Reads the data of the whole graph, fields that are computed from others included. */
export function dataReader(graph: Graph, data: Data): Reader {
  const follow = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(follow);
    return isRecord(value) && typeof value['$ref'] === 'string' ? data[value['$ref']] : value;
  };
  const reader: Reader = {
    matches: (object, condition) => graph.isPossible(String(object['__typename']), condition),
    read: (object, { name, arguments: args }) => {
      const computed = computedField(graph, object as DataObject, name.value);
      const value = computed?.requires
        ? compute(name.value, project(computed.requires, object, reader))
        : follow(object[name.value] ?? null);
      const given = (args ?? []).map((each) => [each.name.value, valueFromASTUntyped(each.value)] as const);
      const owner = graph.fieldsOf((object as DataObject).__typename, name.value).find(({ isExternal }) => !isExternal);
      return fold(value, { ...owner?.defaults, ...Object.fromEntries(given) });
    },
  };
  return reader;
}

export function computedField(graph: Graph, { __typename }: DataObject, field: string): OwnedField | undefined {
  return graph.fieldsOf(__typename, field).find(({ requires }) => requires);
}

/** A field that @requires others answers with all that it was given, so that whatever is wrong with it shows. */
export function compute(field: string, required: Record<string, unknown>): string {
  return `${field} of ${canonicalJson(required)}`;
}
