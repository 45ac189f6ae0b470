import { Kind, type FieldNode, type FragmentDefinitionNode, type SelectionNode } from 'graphql';
import { responseName } from '../planner/rootFields.js';
import type { ResponsePath } from './Target.js';

interface Names {
  /** In the client's words, as far as the client asked. */
  readonly names: readonly string[];
  readonly whole: boolean;
}

/**
 * From a place in what is fetched to the place in the client's answer. Fields that were fetched only for other fields are none of the
 * client's: what happens there happens, for the client, at the object around them.
 */
export function answerPaths(
  selections: readonly SelectionNode[],
  fragments: Record<string, FragmentDefinitionNode>,
  dataName: (field: FieldNode) => string,
): (path: ResponsePath) => ResponsePath {
  const known = new Map<string, Names>();
  const look = (steps: readonly string[]): Names => {
    const names: string[] = [];
    let level = selections;
    for (const step of steps) {
      const fields = fieldsWhere((field) => dataName(field) === step, level, fragments);
      if (fields.length === 0) return { names, whole: false };
      names.push(responseName(fields[0]!));
      level = fields.flatMap((field) => field.selectionSet?.selections ?? []);
    }
    return { names, whole: true };
  };
  return (path) => {
    const steps = path.filter((step) => typeof step === 'string');
    const key = steps.join('.');
    let found = known.get(key);
    if (!found) known.set(key, (found = look(steps)));
    const { names, whole } = found;
    const visible: (string | number)[] = [];
    let used = 0;
    for (const step of path) {
      if (typeof step === 'number') visible.push(step);
      else if (used < names.length) visible.push(names[used++]!);
      else if (!whole) break;
    }
    return visible;
  };
}

function fieldsWhere(
  wanted: (field: FieldNode) => boolean,
  selections: readonly SelectionNode[],
  fragments: Record<string, FragmentDefinitionNode>,
): FieldNode[] {
  return selections.flatMap((selection) => {
    if (selection.kind === Kind.FIELD) return wanted(selection) ? [selection] : [];
    if (selection.kind === Kind.INLINE_FRAGMENT) return fieldsWhere(wanted, selection.selectionSet.selections, fragments);
    return fieldsWhere(wanted, fragments[selection.name.value]?.selectionSet.selections ?? [], fragments);
  });
}
