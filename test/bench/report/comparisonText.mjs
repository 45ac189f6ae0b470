import { scenarios } from '../scenarios.mjs';

const MEMORY_LIMIT_MB = 250;
/** Then the rate says what the other core can do; the CPU time still says what the gateway needs. */
const HELD_UP = (ms) => `held up by the load and the subgraphs, ${ms.toFixed(3)} ms CPU a request; compare by CPU`;
const REFERENCE = /^hive-runtime/;

/** One scenario's table, as soon as it has been measured. */
export function comparisonText({ scenario, gateways, ratios }) {
  const reference = gateways.find(({ name, medians }) => REFERENCE.test(name) && medians)?.medians;
  const lines = [`${scenarios[scenario].title}`, heading(reference !== undefined)];
  for (const { name, medians, problem, note } of gateways) {
    lines.push(medians ? row(name, medians, reference) : `  ${name.padEnd(22)} ${problem.replaceAll(/\s+/g, ' ').slice(0, 300)}`);
    if (medians && medians.loadCpuMs > medians.cpuMs) lines.push(`  ${''.padEnd(22)} (${HELD_UP(medians.loadCpuMs)})`);
    if (note) lines.push(`  ${''.padEnd(22)} (${note})`);
  }
  return [...lines, ...ratios.map((ratio) => `  ${ratioText(ratio)}`), ''].join('\n');
}

/** All targets of issue 4 that could be measured, with what came of them. */
export function targetsText(results) {
  const ratios = results.flatMap((result) => result.ratios.map((ratio) => `  ${result.scenario.padEnd(10)} ${ratioText(ratio)}`));
  const ours = results.flatMap(({ gateways }) => gateways.filter(({ name, medians }) => name.startsWith('ours') && medians));
  const mostMb = Math.max(...ours.map(({ medians }) => medians.rssBytes / 1e6));
  const memory = `  memory     ours under load: ${mostMb.toFixed(0)} MB, target ${MEMORY_LIMIT_MB} or less: ${mostMb <= MEMORY_LIMIT_MB ? 'met' : 'missed'}`;
  return ['Targets', ...ratios, ...(ours.length > 0 ? [memory] : []), ''].join('\n');
}

function heading(hasReference) {
  const columns = [
    'requests/s',
    'p50 ms',
    'p99 ms',
    'CPU ms',
    'fetches',
    'RSS MB',
    ...(hasReference ? ['÷ hive-runtime', 'by CPU'] : []),
  ];
  return `  ${''.padEnd(22)}${columns.map((column) => column.padStart(Math.max(9, column.length) + 2)).join('')}`;
}

function row(name, { perSecond, p50Ms, p99Ms, cpuMs, fetches, rssBytes }, reference) {
  const cells = [
    perSecond.toFixed(perSecond < 100 ? 1 : 0).padStart(12),
    p50Ms.toFixed(1).padStart(11),
    p99Ms.toFixed(1).padStart(11),
    cpuMs.toFixed(3).padStart(11),
    fetches.toFixed(2).padStart(11),
    (rssBytes / 1e6).toFixed(0).padStart(11),
  ];
  if (reference)
    cells.push((perSecond / reference.perSecond).toFixed(2).padStart(16), (reference.cpuMs / cpuMs).toFixed(2).padStart(11));
  return `  ${name.padEnd(22)}${cells.join('')}`;
}

function ratioText({ ours, against, atLeast, ratio, lowest, highest, byCpu }) {
  const measured = `${ours} ÷ ${against}: ${ratio.toFixed(2)} (rounds ${lowest.toFixed(2)} to ${highest.toFixed(2)}, by CPU ${byCpu.toFixed(2)})`;
  if (atLeast === null) return `${measured}, no target`;
  return `${measured}, target ${atLeast} or more: ${ratio >= atLeast ? 'met' : 'missed'}`;
}
