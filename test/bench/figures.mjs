export function median(values) {
  return quantile(values, 0.5);
}

/** Of no values: NaN. */
export function quantile(values, q) {
  if (values.length === 0) return Number.NaN;
  return values.toSorted((a, b) => a - b)[Math.floor(q * (values.length - 1))];
}
