import { createRequire } from 'node:module';

// Four faults of the planner's own class of fetches, which it does not export, mended in its place. Each of them made wrong plans or
// none; test/gateway/planner/mendFetchGroups.test.ts has a plan for each. https://specs.apollo.dev/federation says what @requires and
// @external mean.
//
// - What a field requires is moved into the fetch before when the subgraph there has fields of these names, be they external to it or
//   computed from others in turn (removeInputsFromSelection).
// - A fetch is moved into one before it although it waits for still others (canMergeChildIn).
// - Of two fetches with the same inputs that become one, one may wait for the other: then it waits for itself, or the two for one another,
//   and the planner goes on until memory ends (addParent, mergeInWithAllDependencies).
// - The type of an interface object is asked for in the words of another subgraph, and refused (addAtPath).

interface FetchGroup {
  readonly selection: SelectionSet;
  readonly subgraphName: string;
  readonly dependencyGraph: { federationMetadata(subgraph: string): Metadata; readonly supergraphSchema: Schema };
  parents(): readonly { readonly group: FetchGroup }[];
  isDescendantOf(group: FetchGroup): boolean;
  addAtPath(path: unknown, selections?: unknown): void;
  addParent(parent: { readonly group: FetchGroup }): void;
  /** Asked only about what is needed before a field that requires something. */
  canMergeChildIn(child: FetchGroup): boolean;
  /** Called of fetches with the same inputs; this one stays. */
  mergeInWithAllDependencies(other: FetchGroup): void;
  /** Called only of the part that is needed first, before it is asked whether the fetch before can select that. */
  removeInputsFromSelection(): void;
}

interface SelectionSet {
  selections(): readonly Selection[];
}

interface Selection {
  readonly element: {
    readonly kind: string;
    readonly name: string;
    readonly alias?: string;
    readonly parentType: { readonly name: string };
  };
  readonly selectionSet?: SelectionSet;
}

interface Metadata {
  readonly schema: Schema;
  requiresDirective(): unknown;
  isFieldExternal(field: FieldDefinition): boolean;
}

interface Schema {
  type(name: string): { field?(name: string): FieldDefinition | undefined; typenameField?(): unknown } | undefined;
}

interface FieldDefinition {
  readonly appliedDirectives: readonly { readonly name: string; arguments(): Readonly<Record<string, unknown>> }[];
  hasAppliedDirective(directive: unknown): boolean;
}

// The planner's own copy. It keeps the first fetches of every plan in such a map, which is where their class can be had.
const ofPlanner = createRequire(createRequire(import.meta.url).resolve('@apollo/query-planner'));
const { Field, MapWithCachedArrays, selectionOfElement } = ofPlanner('@apollo/federation-internals') as {
  Field: new (definition: unknown) => Selection['element'];
  MapWithCachedArrays: { readonly prototype: { set(this: unknown, key: unknown, value: unknown): unknown } };
  selectionOfElement(element: Selection['element']): Selection;
};

/** The planner is one, however often this module is loaded. */
const MENDED = Symbol.for('agent-mesh.mendFetchGroups');

/** Mends the planner for all plans made from now on. */
export function mendFetchGroups(): void {
  const { prototype } = MapWithCachedArrays;
  const put = prototype.set;
  prototype.set = function (key, value) {
    if ((value as object | undefined)?.constructor.name === 'FetchGroup') {
      prototype.set = put;
      mend(Object.getPrototypeOf(value) as FetchGroup);
    }
    return put.call(this, key, value);
  };
}

function mend(prototype: FetchGroup): void {
  if (MENDED in prototype) return;
  Object.defineProperty(prototype, MENDED, { value: true });
  const { addAtPath, addParent, canMergeChildIn, mergeInWithAllDependencies, removeInputsFromSelection } = prototype;
  prototype.canMergeChildIn = function (child) {
    const waitsForOthers = child.parents().some(({ group }) => group !== this && !this.isDescendantOf(group));
    return !waitsForOthers && canMergeChildIn.call(this, child);
  };
  prototype.addAtPath = function (path, selections) {
    addAtPath.call(
      this,
      path,
      Array.isArray(selections) ? selections.map((each: Selection) => ownTypename(this, each)) : selections,
    );
  };
  prototype.addParent = function (parent) {
    if (parent.group !== this) addParent.call(this, parent);
  };
  prototype.mergeInWithAllDependencies = function (other) {
    if (!this.isDescendantOf(other)) mergeInWithAllDependencies.call(this, other);
  };
  prototype.removeInputsFromSelection = function () {
    removeInputsFromSelection.call(this);
    const { selection } = this;
    const before = this.parents()[0]?.group;
    if (!before || isAnsweredBy(before, selection)) return;
    // The planner asks "can you be selected there" and means "does that subgraph answer it".
    const staying = Object.create(selection, { canRebaseOn: { value: () => false } }) as SelectionSet;
    Object.defineProperty(this, 'selection', { value: staying });
  };
}

/** `__typename` as the subgraph has it: that of another one is refused where the type is an interface object. */
function ownTypename({ subgraphName, dependencyGraph }: FetchGroup, selection: Selection): Selection {
  const { kind, name, alias, parentType } = selection.element;
  if (kind !== 'Field' || name !== '__typename' || alias !== undefined) return selection;
  const definition = dependencyGraph.federationMetadata(subgraphName).schema.type(parentType.name)?.typenameField?.();
  return definition ? selectionOfElement(new Field(definition)) : selection;
}

function isAnsweredBy(group: FetchGroup, set: SelectionSet): boolean {
  return set.selections().every(({ element, selectionSet }) => {
    if (element.kind === 'Field' && element.name !== '__typename' && !isFieldOf(group, element)) return false;
    return !selectionSet || isAnsweredBy(group, selectionSet);
  });
}

/** Not sure of one that is being overridden: that depends on the request. */
function isFieldOf({ subgraphName, dependencyGraph }: FetchGroup, { name, parentType }: Selection['element']): boolean {
  const metadata = dependencyGraph.federationMetadata(subgraphName);
  const field = metadata.schema.type(parentType.name)?.field?.(name);
  if (!field || metadata.isFieldExternal(field) || field.hasAppliedDirective(metadata.requiresDirective())) return false;
  const joined = dependencyGraph.supergraphSchema.type(parentType.name)?.field?.(name)?.appliedDirectives ?? [];
  return !joined.some((each) => each.name === 'join__field' && each.arguments()['overrideLabel'] !== undefined);
}
