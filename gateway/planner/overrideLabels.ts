import { Kind, visit, type ConstDirectiveNode, type DocumentNode } from 'graphql';
import type { HiddenSelections } from './hiddenSelections.js';

/** The labels of progressive overrides that the plan of an operation may depend on. */
export type LabelsMet = (document: DocumentNode) => readonly string[];

/** `percent(12.5)`: the part of the operations for which the override holds. */
const PERCENT = /^percent\((\d{1,3}(?:\.\d{1,8})?)\)$/;

/**
 * Finds the fields with @override(label:). An operation meets the label of each field whose name it selects, or that the planner may
 * select for it (keys, @requires): by names alone, which can only make a plan for more labels than needed.
 */
export function readOverrideLabels(supergraph: DocumentNode, { needed }: HiddenSelections): LabelsMet {
  const labelsOf = new Map<string, Set<string>>();
  visit(supergraph, {
    FieldDefinition: ({ name, directives = [] }) => {
      for (const label of (directives as readonly ConstDirectiveNode[]).flatMap(labelOf))
        labelsOf.set(name.value, (labelsOf.get(name.value) ?? new Set()).add(label));
    },
  });
  if (labelsOf.size === 0) return () => [];
  const always = [...needed].flatMap((name) => [...(labelsOf.get(name) ?? [])]);
  return (document) => {
    const met = new Set(always);
    visit(document, { Field: ({ name }) => labelsOf.get(name.value)?.forEach((label) => met.add(label)) });
    return [...met].toSorted();
  };
}

function labelOf({ name, arguments: args = [] }: ConstDirectiveNode): string[] {
  if (name.value !== 'join__field') return [];
  return args.flatMap(({ name: { value: argument }, value }) =>
    argument === 'overrideLabel' && value.kind === Kind.STRING ? [value.value] : [],
  );
}

/** Whether the override holds this time: when the label is `enabled`, and `percent(n)` else by chance (`random` gives 0 to below 1). */
export function isLabelOn(label: string, enabled: ReadonlySet<string>, random: () => number): boolean {
  const percent = PERCENT.exec(label)?.[1];
  return enabled.has(label) || (percent !== undefined && random() * 100 < Number(percent));
}
