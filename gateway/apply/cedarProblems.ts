import { isScalar, Scalar, type Document, type LineCounter } from 'yaml';
import { checkCedarPolicy } from '../../subgraphs/shared/cedar/checkCedarPolicy.js';

/** A place in the mesh file, lines and columns from 1. */
export interface Place {
  readonly line: number;
  readonly col: number;
}

/** What is wrong in the Cedar text of a policy, with its place in the mesh file that holds it. */
export function cedarProblems(
  cedar: string,
  index: number,
  source: { readonly text: string; readonly document: Document; readonly lines: LineCounter },
): { place: Place; message: string }[] {
  return checkCedarPolicy(cedar).map(({ line, column, message, hint }) => {
    const place = placeInScalar(source, ['policies', index, 'cedar'], cedar, line, column);
    const said = hint === null ? message : `${message}; ${hint}`;
    return place.isExact
      ? { place, message: said }
      : { place, message: `${said} (line ${line}, column ${column} of the policy)` };
  });
}

/** Where a character of a scalar's value stands in the file; not exact where YAML's escapes or folds moved it. */
function placeInScalar(
  { text, document, lines }: { readonly text: string; readonly document: Document; readonly lines: LineCounter },
  path: readonly (string | number)[],
  value: string,
  line: number,
  column: number,
): Place & { isExact: boolean } {
  const node: unknown = document.getIn(path, true);
  if (!isScalar(node) || !node.range) return { line: 1, col: 1, isExact: false };
  const start = lines.linePos(node.range[0]);
  if (node.type === Scalar.BLOCK_LITERAL) {
    // The value's lines follow the line with the "|", each moved by the same indentation.
    const written = text.split('\n')[start.line + line - 1] ?? '';
    const indent = Math.max(0, written.indexOf(value.split('\n')[line - 1] ?? ''));
    return { line: start.line + line, col: indent + column, isExact: true };
  }
  const written = text.slice(node.range[0], node.range[1]);
  const quote = node.type === Scalar.PLAIN ? 0 : 1;
  const isExact = line === 1 && written.slice(quote, quote + value.length) === value;
  return isExact ? { line: start.line, col: start.col + quote + column - 1, isExact } : { ...start, isExact };
}
