import type { CedarValueJson } from '@cedar-policy/cedar-wasm/nodejs';
import { cedarTypeOf, type Principal } from '../principal.js';

/**
 * Who asks, or what is asked for. Types: principals are User, Agent, Service, Anonymous; resources Agent, Model, Policy, Budget, Task,
 * Tenant and what @governed names.
 */
export interface CedarEntity {
  readonly type: string;
  readonly id: string;
  /** Absent and null values are left out: policies ask with `resource has tenant`. */
  readonly attributes?: Readonly<Record<string, unknown>>;
}

/** The principal as policies see it: roles, scopes, clearances (sets of strings), kind, and tenant and region where there is one. */
export function cedarPrincipal(principal: Principal): CedarEntity {
  const { id, kind, roles, scopes, clearances, tenant, region } = principal;
  return { type: cedarTypeOf(kind), id, attributes: { kind, roles, scopes, clearances, tenant, region } };
}

const ENTITY = /^((?:[A-Za-z_]\w*::)*[A-Za-z_]\w*)::("(?:[^"\\]|\\.)*")$/;

/** Reads `User::"ada"`, the text that `principalEntity` writes. Undefined: it is not the text of an entity. */
export function parseCedarEntity(text: string): CedarEntity | undefined {
  const match = ENTITY.exec(text);
  if (!match) return undefined;
  try {
    return { type: match[1]!, id: JSON.parse(match[2]!) as string };
  } catch {
    return undefined;
  }
}

/** Writes an entity so that `parseCedarEntity` reads it back. */
export function formatCedarEntity({ type, id }: CedarEntity): string {
  return `${type}::${JSON.stringify(id)}`;
}

/** A JSON object as Cedar takes it: null and absent members left out, whole numbers as Long, others as `decimal`. */
export function cedarRecord(value: Readonly<Record<string, unknown>>): Record<string, CedarValueJson> {
  const present = Object.entries(value).filter(([, member]) => member !== null && member !== undefined);
  return Object.fromEntries(present.map(([name, member]) => [name, cedarValue(member)]));
}

function cedarValue(value: unknown): CedarValueJson {
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : cedarDecimal(value);
  if (Array.isArray(value)) return value.filter((item) => item !== null && item !== undefined).map(cedarValue);
  if (typeof value === 'object') return cedarRecord(value as Record<string, unknown>);
  throw new TypeError(`a ${typeof value} cannot be told to a policy`);
}

/** Cedar's decimals have four places. A value with more is refused and not rounded: at a limit, rounding would change the decision. */
function cedarDecimal(value: number): CedarValueJson {
  const text = value.toFixed(4);
  if (Number(text) !== value) throw new RangeError(`${value} has more than four decimals; hand it over as a string`);
  return { __extn: { fn: 'decimal', arg: text } };
}
