import { quantile } from '../figures.mjs';

export function reportTimes(what, values, unit) {
  const [low, mid, high] = [0, 0.5, 0.99].map((q) => quantile(values, q).toFixed(2));
  console.log(`${what.padEnd(30)} median ${mid} ${unit}, min ${low}, p99 ${high}, n=${values.length}`);
}
