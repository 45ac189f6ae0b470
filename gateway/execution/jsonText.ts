/** What JSON has to escape, and lone surrogates, which it should. */
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const ESCAPED = /[\u0000-\u001f"\\\ud800-\udfff]/;

/** A string as JSON text, as JSON.stringify makes it. Most strings need nothing but the quotes. */
export function quoted(text: string): string {
  return ESCAPED.test(text) ? JSON.stringify(text) : `"${text}"`;
}

/** Any JSON value as text; what JSON does not know becomes null. */
export function jsonText(value: unknown): string {
  return typeof value === 'string' ? quoted(value) : (JSON.stringify(value) ?? 'null');
}
