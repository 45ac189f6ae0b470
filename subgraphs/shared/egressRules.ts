import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** One entry of MESH_EGRESS_ALLOW. `port` null: every port. */
export type EgressRule =
  | { readonly kind: 'host'; readonly host: string; readonly port: number | null }
  | { readonly kind: 'range'; readonly range: readonly [ipaddr.IPv4 | ipaddr.IPv6, number]; readonly port: number | null };

const HOST = /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*$/;

/**
 * Reads a comma separated list of hosts, host:port, addresses, address:port ([address]:port for IPv6) and CIDR ranges.
 * Throws a RangeError that names the entry that is none of these.
 */
export function parseEgressRules(text: string): EgressRule[] {
  return text
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .filter((entry) => entry !== '')
    .map(parseRule);
}

/**
 * Whether agents and models may be called at this address. Public addresses may; what is private, loopback, link-local, multicast,
 * reserved, or an IPv4 address in IPv6 clothing may only when a rule names the host, or the address.
 */
export function mayReach(rules: readonly EgressRule[], host: string, address: string, port: number): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  if (isPublic(parsed)) return true;
  return rules.some((rule) => {
    if (rule.port !== null && rule.port !== port) return false;
    if (rule.kind === 'host') return rule.host === host.toLowerCase();
    const [start, bits] = rule.range;
    return start.kind() === parsed.kind() && parsed.match(start as never, bits);
  });
}

function isPublic(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  if (address.range() !== 'unicast') return false;
  // ::/96 holds IPv4 addresses, too (RFC 4291, 2.5.5.1), and only 2000::/3 is given out.
  return address.kind() === 'ipv4' || address.match(ipaddr.IPv6.parse('2000::') as never, 3);
}

function parseRule(entry: string): EgressRule {
  if (entry.includes('/')) {
    if (!ipaddr.isValidCIDR(entry)) throw notRule(entry);
    return { kind: 'range', range: ipaddr.parseCIDR(entry), port: null };
  }
  const bare = entry.replace(/^\[(.*)\]$/, '$1');
  if (isIP(bare) !== 0) return address(bare, null);
  const [, host = '', portText = ''] = /^(.+):(\d{1,5})$/.exec(entry) ?? [];
  const port = host === '' ? null : Number(portText);
  if (port !== null && (port < 1 || port > 65_535)) throw notRule(entry);
  const name = (host === '' ? entry : host).replace(/^\[(.*)\]$/, '$1');
  if (isIP(name) !== 0) return address(name, port);
  if (!HOST.test(name)) throw notRule(entry);
  return { kind: 'host', host: name, port };
}

function address(text: string, port: number | null): EgressRule {
  return { kind: 'range', range: [ipaddr.parse(text), isIP(text) === 4 ? 32 : 128], port };
}

function notRule(entry: string): RangeError {
  return new RangeError(`"${entry}" is not a host, host:port, address or CIDR range`);
}
