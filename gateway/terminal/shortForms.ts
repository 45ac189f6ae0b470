import { formatUsd, type PicoUsd } from '../../subgraphs/shared/money.js';

/** For people's eyes, in few characters: `<1ms` `1.8ms` `42ms` `1.2s` `–`. */
export function shortMs(ms: number | null): string {
  if (ms === null) return '–';
  if (ms < 0.05) return '<1ms';
  if (ms < 9.95) return `${ms.toFixed(1)}ms`;
  if (ms < 999.5) return `${Math.round(ms)}ms`;
  return ms < 99_950 ? `${(ms / 1000).toFixed(1)}s` : `${Math.round(ms / 1000)}s`;
}

/** Three digits that matter, at most nine characters: `0.0000123` `0.42` `17.35` `<0.000001`. */
export function shortUsd(pico: PicoUsd): string {
  const text = formatUsd(pico);
  const [, small] = /^(0\.0*\d{1,3})/.exec(text) ?? [];
  if (small !== undefined) return small.length <= 9 ? small : pico < 1_000_000n ? '<0.000001' : small.slice(0, 9);
  return text.replace(/(\.\d\d)\d+$/, '$1');
}

export function shortRate(perSecond: number): string {
  return perSecond < 99.95 ? perSecond.toFixed(1) : String(Math.round(perSecond));
}

/** `0:07` `12:30` `1:02:03` */
export function shortDuration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60].map((part) => String(part).padStart(2, '0'));
  const hours = Math.floor(seconds / 3600);
  return hours > 0 ? `${hours}:${parts.join(':')}` : parts.join(':').replace(/^0/, '');
}
