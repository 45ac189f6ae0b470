import { median, quantile } from '../figures.mjs';
import { createPlanning } from './createPlanning.mjs';
import { drawOperations } from './drawOperations.mjs';

const FETCHES = 11;
const WARM = 200;
/** Issue 4, for a plan of eleven fetches. */
const MOST_MS = 10;

/** Plans `count` distinct operations of about eleven fetches once each, after others, in turns with the stock planner. Times in milliseconds. */
export function timePlans({ count, seed, tell }) {
  const { fetchesIn, ours, stock } = createPlanning();
  tell('plans: drawing operations');
  const texts = drawOperations({ count: WARM + count, fetches: FETCHES, seed, fetchesIn });
  tell('plans: planning them');
  const times = texts.map((text, at) =>
    at % 2 ? { ours: ours(text), stock: stock(text) } : { stock: stock(text), ours: ours(text) },
  );
  const measured = times.slice(WARM);
  return { texts, ours: summarize(measured.map((each) => each.ours)), stock: summarize(measured.map((each) => each.stock)) };
}

export function plansText({ ours, stock, texts }) {
  const cell = (ms) => (ms === undefined ? '' : ms.toFixed(2)).padStart(9);
  const lines = Object.entries(ours).map(([stage, { medianMs, p95Ms }]) => {
    const { medianMs: stockMedian, p95Ms: stockP95 } = stock[stage] ?? {};
    return `  ${stage.padEnd(22)}${cell(medianMs)}${cell(p95Ms)}${cell(stockMedian)}${cell(stockP95)}`;
  });
  const { medianMs } = ours['text to plan'];
  return [
    `Plans of ${texts.length - WARM} distinct operations of about ${FETCHES} fetches, warm: milliseconds (ours, then @apollo/query-planner alone)`,
    `  ${''.padEnd(22)}${['median', 'p95', 'median', 'p95'].map((column) => column.padStart(9)).join('')}`,
    ...lines,
    `  median ${medianMs.toFixed(2)} ms, target ${MOST_MS} or less: ${medianMs <= MOST_MS ? 'met' : 'missed'}`,
    '',
  ].join('\n');
}

function summarize(times) {
  const ofStage = (stage) => {
    const values = times.map((each) => each[stage]);
    return [stage, { medianMs: median(values), p95Ms: quantile(values, 0.95) }];
  };
  return Object.fromEntries(Object.keys(times[0]).map(ofStage));
}
