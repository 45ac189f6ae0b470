import type { Span } from '../../deploy/otel/fileCollector.mjs';

/** The names on the way from the root of what is known of a trace to the span. */
export function pathOf(span: Span, spans: readonly Span[]): string {
  const parent = spans.find(({ spanId }) => spanId === span.parentId);
  return parent ? `${pathOf(parent, spans)} > ${span.name}` : span.name;
}

/** Spans whose parent is not among them. A trace that continues a client's has exactly one. */
export function rootsOf(spans: readonly Span[]): Span[] {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  return spans.filter(({ parentId }) => parentId === null || !ids.has(parentId));
}

/** Whether everything that happens because of an `ask` has happened: it is in the ledger, and evaluated. */
export function isComplete(spans: readonly Span[]): boolean {
  return ['insert costs.ledger_entry', 'insert evaluations.pending_evaluation'].every((name) =>
    spans.some((span) => span.name === name),
  );
}
