import { createRequire } from 'node:module';

// Four faults of the planner, mended in its own classes, of which it does not export that of fetches. Each of them made wrong plans or
// none; test/gateway/planner/mendFetchGroups.test.ts has a plan for each. https://specs.apollo.dev/federation says what @requires and
// @external mean.
//
// - What a field requires is moved into the fetch before when the subgraph there has fields of these names, be they external to it or
//   computed from others in turn (removeInputsFromSelection).
// - A fetch is moved into one before it although it waits for still others (canMergeChildIn).
// - Of two fetches with the same inputs that become one, one may wait for the other: then it waits for itself, or the two for one another,
//   and the planner goes on until memory ends (addParent, mergeInWithAllDependencies).
// - The type of an interface object is asked for in the words of another subgraph, and refused (Field.rebaseOn).

interface FetchGroup {
  readonly selection: SelectionSet;
  readonly subgraphName: string;
  readonly dependencyGraph: { federationMetadata(subgraph: string): Metadata; readonly supergraphSchema: Schema };
  parents(): readonly { readonly group: FetchGroup }[];
  isDescendantOf(group: FetchGroup): boolean;
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

interface PlannedField {
  readonly name: string;
  readonly definition: { readonly parent: { readonly name: string } };
  /** The same field of a type of another schema; undefined or an error where it is not there. */
  rebaseOn(options: { readonly parentType: PlannedType; readonly errorIfCannotRebase?: boolean }): PlannedField | undefined;
  withUpdatedDefinition(definition: unknown): PlannedField;
}

interface PlannedType {
  readonly name: string;
  typenameField(): unknown;
}

interface Metadata {
  readonly schema: Schema;
  requiresDirective(): unknown;
  isFieldExternal(field: FieldDefinition): boolean;
}

interface Schema {
  type(name: string): { field?(name: string): FieldDefinition | undefined } | undefined;
}

interface FieldDefinition {
  readonly appliedDirectives: readonly { readonly name: string; arguments(): Readonly<Record<string, unknown>> }[];
  hasAppliedDirective(directive: unknown): boolean;
}

// The planner's own copy. It keeps the first fetches of every plan in such a map, which is where their class can be had.
const ofPlanner = createRequire(createRequire(import.meta.url).resolve('@apollo/query-planner'));
const { Field, MapWithCachedArrays } = ofPlanner('@apollo/federation-internals') as {
  Field: { readonly prototype: PlannedField };
  MapWithCachedArrays: { readonly prototype: { set(this: unknown, key: unknown, value: unknown): unknown } };
};

/** The planner is one, however often this module is loaded. */
const MENDED = Symbol.for('agent-mesh.mendFetchGroups');

/** Mends the planner for all plans made from now on. */
export function mendFetchGroups(): void {
  const { prototype } = MapWithCachedArrays;
  const put = prototype.set;
  prototype.set = function (key, value) {
    if ((Object(value) as object).constructor?.name === 'FetchGroup') {
      prototype.set = put;
      mend(Object.getPrototypeOf(value) as FetchGroup);
    }
    return put.call(this, key, value);
  };
}

function mend(prototype: FetchGroup): void {
  if (MENDED in prototype) return;
  Object.defineProperty(prototype, MENDED, { value: true });
  mendTypename();
  const { addParent, canMergeChildIn, mergeInWithAllDependencies, removeInputsFromSelection } = prototype;
  prototype.canMergeChildIn = function (child) {
    const waitsForOthers = child.parents().some(({ group }) => group !== this && !this.isDescendantOf(group));
    return !waitsForOthers && canMergeChildIn.call(this, child);
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

/** Keys are selected with `__typename`, in the words of whoever asks for them. */
function mendTypename(): void {
  const { prototype } = Field;
  const { rebaseOn } = prototype;
  prototype.rebaseOn = function (options) {
    const { parentType, errorIfCannotRebase } = options;
    if (errorIfCannotRebase && this.name === '__typename' && this.definition.parent.name === parentType.name)
      return this.withUpdatedDefinition(parentType.typenameField());
    return rebaseOn.call(this, options);
  };
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
