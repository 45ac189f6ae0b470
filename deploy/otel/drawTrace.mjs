/** @typedef {import('./fileCollector.mjs').Span} Span */

/**
 * One trace as an indented tree, each span with when it began and how long it took (milliseconds). Statements that follow one another are
 * drawn as one line, those of a transaction as their number.
 * @param {readonly Span[]} spans
 * @param {(span: Span) => string[]} [detail] what to say beside the name
 */
export function drawTrace(spans, detail = () => []) {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const startMs = Math.min(...spans.map((span) => span.startMs));
  const lines = [`${'start ms'.padStart(8)} ${'took ms'.padStart(7)}  span`];

  /** @param {Span} first @param {number} tookMs @param {string} indent @param {string[]} told */
  const write = (first, tookMs, indent, told) => {
    const times = `${(first.startMs - startMs).toFixed(1).padStart(8)} ${tookMs.toFixed(1).padStart(7)}`;
    lines.push(`${times}  ${indent}${told.join('  ')}`);
  };
  /** @param {Span[]} siblings @param {string} indent */
  const draw = (siblings, indent) => {
    for (const group of grouped(siblings)) {
      const first = /** @type {Span} */ (group[0]);
      if (group.length > 1) {
        const tookMs = group.reduce((sum, span) => sum + span.endMs - span.startMs, 0);
        write(first, tookMs, indent, [`${group.length} statements`]);
        continue;
      }
      const children = spans.filter(({ parentId }) => parentId === first.spanId).sort(byStart);
      const folded = first.name === 'transaction' ? children.filter(isStatement) : [];
      write(first, first.endMs - first.startMs, indent, [
        folded.length === 0 ? first.name : `transaction of ${folded.length}`,
        ...(first.error === null ? [] : [`! ${first.error}`]),
        ...detail(first),
      ]);
      draw(
        children.filter((child) => !folded.includes(child)),
        `${indent}  `,
      );
    }
  };
  draw(spans.filter(({ parentId }) => parentId === null || !ids.has(parentId)).sort(byStart), '');
  return lines.join('\n');
}

/** @param {Span[]} siblings @returns {Span[][]} */
function grouped(siblings) {
  /** @type {Span[][]} */
  const groups = [];
  for (const span of siblings) {
    const last = groups.at(-1);
    if (last && isStatement(span) && isStatement(/** @type {Span} */ (last[0]))) last.push(span);
    else groups.push([span]);
  }
  return groups;
}

/** @param {Span} span */
function isStatement({ attributes }) {
  return 'db.query.text' in attributes;
}

/** @param {Span} one @param {Span} other */
function byStart(one, other) {
  return one.startMs - other.startMs;
}
