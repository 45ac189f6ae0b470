import { cpus, loadavg } from 'node:os';
import { hasTaskset } from '../gateways/endWithUs.mjs';

export function machine() {
  return {
    node: process.version,
    cores: cpus().length,
    processor: cpus()[0]?.model ?? 'unknown processor',
    pinned: hasTaskset && cpus().length > 1,
    load: load(),
  };
}

/** Over the last minute; above the number of cores others take their share of the time. */
export function load() {
  return `${loadavg()[0].toFixed(1)} on ${cpus().length} cores`;
}
