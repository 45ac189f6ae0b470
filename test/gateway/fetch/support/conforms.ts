import {
  isAbstractType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type GraphQLOutputType,
  type GraphQLSchema,
  type SelectionSetNode,
} from 'graphql';

/**
 * What in an answer's data does not fit the schema and the selection, as `path: why`. Knows nothing of how the data came about. Fields in
 * fragments may be missing, since not every type has them.
 */
export function misfits(schema: GraphQLSchema, data: unknown, selectionSet: SelectionSetNode): string[] {
  const found: string[] = [];
  const report = (path: string, why: string): void => void found.push(`${path}: ${why}`);

  const check = (value: unknown, type: GraphQLOutputType, selections: SelectionSetNode | undefined, path: string): void => {
    if (isNonNullType(type)) {
      if (value === null || value === undefined) report(path, 'is null and may not be');
      else check(value, type.ofType as GraphQLOutputType, selections, path);
    } else if (value === null) {
      return;
    } else if (isListType(type)) {
      if (!Array.isArray(value)) return report(path, 'is no list');
      value.forEach((item, index) => check(item, type.ofType as GraphQLOutputType, selections, `${path}.${index}`));
    } else if (isLeafType(type)) {
      const isRight =
        type.name === 'Int' ? Number.isInteger(value) && Math.abs(value as number) < 2 ** 31 + 1 : typeof value === 'string';
      if (!isRight) report(path, `${JSON.stringify(value)?.slice(0, 50)} is no ${type.name}`);
    } else if (typeof value !== 'object' || Array.isArray(value)) {
      report(path, 'is no object');
    } else {
      checkObject(value as Record<string, unknown>, type.name, selections!, path);
    }
  };

  const checkObject = (value: Record<string, unknown>, typeName: string, set: SelectionSetNode, path: string): void => {
    const allowed = new Set<string>();
    const visit = (selections: SelectionSetNode, condition: string, isSure: boolean): void => {
      const type = schema.getType(condition);
      if (!isObjectType(type) && !isAbstractType(type)) return;
      for (const selection of selections.selections) {
        if (selection.kind === Kind.INLINE_FRAGMENT) {
          visit(selection.selectionSet, selection.typeCondition?.name.value ?? condition, false);
        } else if (selection.kind === Kind.FIELD && 'getFields' in type) {
          const name = selection.alias?.value ?? selection.name.value;
          allowed.add(name);
          if (!(name in value)) {
            if (isSure) report(`${path}.${name}`, 'is missing');
            continue;
          }
          check(value[name], type.getFields()[selection.name.value]!.type, selection.selectionSet, `${path}.${name}`);
        }
      }
    };
    visit(set, typeName, true);
    for (const name of Object.keys(value)) if (!allowed.has(name)) report(`${path}.${name}`, 'was not asked for');
  };

  if (data !== null) checkObject(data as Record<string, unknown>, schema.getQueryType()!.name, selectionSet, 'data');
  return found;
}
