import { getNamedType, isAbstractType, isCompositeType, isInterfaceType, isObjectType, type GraphQLSchema } from 'graphql';

/** How many fields lie between a type and the nearest of the marked coordinates; Infinity: no way leads there. */
export function distancesTo(schema: GraphQLSchema, marks: ReadonlySet<string>): (typeName: string) => number {
  const distances = new Map<string, number>();
  const types = Object.values(schema.getTypeMap()).filter((type) => isCompositeType(type) && !type.name.startsWith('__'));
  for (const mark of marks) distances.set(mark.split('.')[0]!, 0);
  for (let changed = true; changed;) {
    changed = false;
    for (const type of types) {
      const next = [
        ...(isObjectType(type) || isInterfaceType(type)
          ? Object.values(type.getFields()).map((field) => 1 + at(getNamedType(field.type).name))
          : []),
        ...(isAbstractType(type) ? schema.getPossibleTypes(type).map(({ name }) => at(name)) : []),
      ];
      const best = Math.min(...next);
      if (best < at(type.name)) {
        distances.set(type.name, best);
        changed = true;
      }
    }
  }
  function at(name: string): number {
    return distances.get(name) ?? Infinity;
  }
  return at;
}
