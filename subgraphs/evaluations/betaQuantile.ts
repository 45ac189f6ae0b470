/**
 * The x below which a Beta(alpha, beta) variable falls with probability `p`. Pure and exact to about twelve digits: the regularised
 * incomplete beta function by its continued fraction, inverted by halving. alpha and beta are positive, p is between 0 and 1.
 */
export function betaQuantile(p: number, alpha: number, beta: number): number {
  let low = 0;
  let high = 1;
  for (let step = 0; step < HALVINGS; step++) {
    const middle = (low + high) / 2;
    if (betaProbability(middle, alpha, beta) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

const HALVINGS = 50;
const MAX_TERMS = 10_000;
const PRECISION = 1e-15;
const TINY = 1e-300;

/** The probability that a Beta(alpha, beta) variable is at most x. DLMF 8.17.22, the continued fraction by Lentz's method. */
export function betaProbability(x: number, alpha: number, beta: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // The fraction converges quickly below the mean only; above it the mirror image is computed.
  if (x > (alpha + 1) / (alpha + beta + 2)) return 1 - betaProbability(1 - x, beta, alpha);
  const logFactor =
    logGamma(alpha + beta) - logGamma(alpha) - logGamma(beta) + alpha * Math.log(x) + beta * Math.log1p(-x) - Math.log(alpha);
  return Math.exp(logFactor) * fraction(x, alpha, beta);
}

function fraction(x: number, alpha: number, beta: number): number {
  let c = 1;
  let d = 1 / nonZero(1 - ((alpha + beta) * x) / (alpha + 1));
  let value = d;
  for (let m = 1; m < MAX_TERMS; m++) {
    const even = (m * (beta - m) * x) / ((alpha + 2 * m - 1) * (alpha + 2 * m));
    d = 1 / nonZero(1 + even * d);
    c = nonZero(1 + even / c);
    value *= d * c;
    const odd = (-(alpha + m) * (alpha + beta + m) * x) / ((alpha + 2 * m) * (alpha + 2 * m + 1));
    d = 1 / nonZero(1 + odd * d);
    c = nonZero(1 + odd / c);
    const change = d * c;
    value *= change;
    if (Math.abs(change - 1) < PRECISION) break;
  }
  return value;
}

function nonZero(value: number): number {
  return Math.abs(value) < TINY ? TINY : value;
}

/** Stirling's series from 10 on, after the argument was raised by the recurrence; DLMF 5.11.1. */
function logGamma(z: number): number {
  let shift = 0;
  let at = z;
  while (at < 10) {
    shift += Math.log(at);
    at += 1;
  }
  const inverse = 1 / at;
  const square = inverse * inverse;
  const series = inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square / 1188))));
  return (at - 0.5) * Math.log(at) - at + 0.5 * Math.log(2 * Math.PI) + series - shift;
}
