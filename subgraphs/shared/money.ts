/**
 * Money is a BigInt of pico-USD (10⁻¹² USD) in code, `numeric(24,12)` in SQL and a plain decimal string in GraphQL. Never a float.
 */
export type PicoUsd = bigint;

const PICO_PER_USD = 1_000_000_000_000n;
const DECIMAL = /^(-?)(\d{1,12})(?:\.(\d{1,12}))?$/;

/** Reads a plain decimal string of USD, at most twelve digits before and after the point. Throws a RangeError on anything else. */
export function parseUsd(text: string): PicoUsd {
  const match = DECIMAL.exec(text);
  if (!match) throw new RangeError(`"${text}" is not a plain decimal with at most 12 digits before and 12 after the point`);
  const [, sign, whole, fraction = ''] = match;
  const pico = BigInt(whole!) * PICO_PER_USD + BigInt(fraction.padEnd(12, '0'));
  return sign === '-' ? -pico : pico;
}

/** Writes pico-USD as a plain decimal string of USD without trailing zeros: `1500000000000n` → `"1.5"`. */
export function formatUsd(pico: PicoUsd): string {
  const magnitude = pico < 0n ? -pico : pico;
  const fraction = (magnitude % PICO_PER_USD).toString().padStart(12, '0').replace(/0+$/, '');
  const whole = (magnitude / PICO_PER_USD).toString();
  return `${pico < 0n ? '-' : ''}${whole}${fraction && `.${fraction}`}`;
}
