import {
  getNamedType,
  isAbstractType,
  isCompositeType,
  Kind,
  type DirectiveNode,
  type DocumentNode,
  type FieldNode,
  type GraphQLCompositeType,
  type GraphQLSchema,
  type InlineFragmentNode,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import { fragmentsOf, spreadFragments } from './rootFields.js';

/**
 * The operation as the stock planner plans it rightly. It refuses, or plans nothing for, what is selected in no case: behind a @skip or
 * @include that a literal decides, or one around it that asks for the opposite; in fragments on types that no object there has. That
 * is left out. And it fetches an object only when something of it is wanted, while `{ a { b @skip(if: true) } }` is to be answered
 * with an empty object: where every selection has a condition, `__typename` is selected as well.
 */
export function normalizeSelections(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): DocumentNode {
  const root = schema.getRootType(operation.operation);
  // Whoever subscribes decides about the one root field.
  if (!root || operation.operation === 'subscription') return document;
  const spread = spreadFragments(operation.selectionSet, fragmentsOf(document));
  const selections = possibleIn(spread, { schema, type: root, possible: new Set([root.name]), decided: new Map() });
  if (!selections) return document;
  const left = { ...operation, selectionSet: { kind: Kind.SELECTION_SET, selections } } as const;
  return { ...document, definitions: document.definitions.map((each) => (each === operation ? left : each)) };
}

interface Place {
  readonly schema: GraphQLSchema;
  readonly type: GraphQLCompositeType;
  /** Names of the types that an object here may have. */
  readonly possible: ReadonlySet<string>;
  /** Variables on which it was decided to come here. */
  readonly decided: ReadonlyMap<string, boolean>;
}

const TYPENAME: SelectionNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } };

/** Undefined: nothing is to be changed. */
function possibleIn({ selections }: SelectionSetNode, place: Place): SelectionNode[] | undefined {
  let changed = false;
  const left = selections.flatMap((selection) => {
    const possible = possibleSelection(selection, place);
    changed ||= possible !== selection;
    return possible ?? [];
  });
  return changed ? left : undefined;
}

function possibleSelection(selection: SelectionNode, place: Place): SelectionNode | undefined {
  const condition = decide(selection.directives ?? [], place.decided);
  if (!condition) return undefined;
  const { directives, decided } = condition;
  const kept = directives.length === (selection.directives ?? []).length ? selection : { ...selection, directives };
  if (kept.kind === Kind.FRAGMENT_SPREAD || !kept.selectionSet) return kept;
  const inner = kept.kind === Kind.FIELD ? below(kept.name.value, place) : narrowed(kept.typeCondition?.name.value, place);
  if (!inner) return kept;
  if (inner.possible.size === 0) return undefined;
  const within = possibleIn(kept.selectionSet, { ...inner, decided });
  if (kept.kind === Kind.INLINE_FRAGMENT) {
    if (!within) return kept;
    return within.length > 0 ? withSelections(kept, within) : undefined;
  }
  const selections = within ?? kept.selectionSet.selections;
  if (!selections.some((each) => isCertain(each, inner))) return withSelections(kept, [TYPENAME, ...selections]);
  return within ? withSelections(kept, within) : kept;
}

function withSelections<Node extends FieldNode | InlineFragmentNode>(node: Node, selections: readonly SelectionNode[]): Node {
  return { ...node, selectionSet: { kind: Kind.SELECTION_SET, selections } };
}

/** Whether it selects something of every object, whatever the variables are. */
function isCertain(selection: SelectionNode, place: Place): boolean {
  if ((selection.directives ?? []).length > 0) return false;
  if (selection.kind !== Kind.INLINE_FRAGMENT) return true;
  const inner = narrowed(selection.typeCondition?.name.value, place);
  return inner?.possible.size === place.possible.size && selection.selectionSet.selections.some((each) => isCertain(each, inner));
}

/** What is still to be decided by variables; undefined: it is left out in any case. */
function decide(
  directives: readonly DirectiveNode[],
  before: ReadonlyMap<string, boolean>,
): { readonly directives: readonly DirectiveNode[]; readonly decided: ReadonlyMap<string, boolean> } | undefined {
  const open: DirectiveNode[] = [];
  const decided = new Map(before);
  for (const directive of directives) {
    const wanted = directive.name.value === 'include';
    const value = directive.arguments?.find(({ name }) => name.value === 'if')?.value;
    const isCondition = wanted || directive.name.value === 'skip';
    if (!isCondition || (value?.kind !== Kind.BOOLEAN && value?.kind !== Kind.VARIABLE)) {
      open.push(directive);
      continue;
    }
    const known = value.kind === Kind.BOOLEAN ? value.value : decided.get(value.name.value);
    if (known === !wanted) return undefined;
    if (known === undefined && value.kind === Kind.VARIABLE) {
      decided.set(value.name.value, wanted);
      open.push(directive);
    }
  }
  return { directives: open, decided };
}

function below(field: string, place: Place): Place | undefined {
  const definition = 'getFields' in place.type ? place.type.getFields()[field] : undefined;
  const type = definition && getNamedType(definition.type);
  return type && isCompositeType(type) ? { ...place, type, possible: possibleTypes(place.schema, type) } : undefined;
}

function narrowed(condition: string | undefined, place: Place): Place | undefined {
  const type = condition === undefined ? place.type : place.schema.getType(condition);
  if (!type || !isCompositeType(type)) return undefined;
  const matching = possibleTypes(place.schema, type);
  return { ...place, type, possible: new Set([...place.possible].filter((name) => matching.has(name))) };
}

function possibleTypes(schema: GraphQLSchema, type: GraphQLCompositeType): ReadonlySet<string> {
  return new Set(isAbstractType(type) ? schema.getPossibleTypes(type).map(({ name }) => name) : [type.name]);
}
