import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { isLoopback } from '../config/readConfig.js';

/** Where Apollo Sandbox runs. */
const APOLLO = new Set([
  'https://studio.apollographql.com',
  'https://sandbox.embed.apollographql.com',
  'https://explorer.embed.apollographql.com',
]);

/** Whether a page of that origin may ask a gateway that it knows by that host. No origin: it is no page that asks. */
export type AllowsOrigin = (origin: string | undefined, host: string | undefined) => boolean;

/**
 * Which pages may speak to the gateway from a browser. Those that are `listed`, and its own. Without a list and without development
 * tokens: all, since a page has no token unless its user gave it one, and cookies mean nothing here. With development tokens: pages of
 * this machine, of this gateway and Apollo's, because everybody knows the tokens, and any page that a developer happens to open could
 * otherwise take over the mesh behind his back.
 */
export function createOriginCheck(devTokens: boolean, listed: readonly string[] | null): AllowsOrigin {
  return (origin, host) => {
    if (origin === undefined || listed?.includes(origin)) return true;
    const { hostname, host: originHost } = parseUrl(origin);
    if (!devTokens) return listed === null || originHost === host;
    if (APOLLO.has(origin) || isLoopback(hostname)) return true;
    // The gateway's own pages, but not by name: a foreign name can be rebound to this machine's address, and then equals the Host.
    return originHost === host && isIP(hostname.replace(/^\[|\]$/g, '')) !== 0;
  };
}

/**
 * Whether the page that asks may, if it is one. A browser leaves Origin out of a GET to the page's own host; it was the page all the same,
 * and its host may be a foreign name for this machine's address. Opening a page by its address is no page that asks.
 */
export function mayAsk(allows: AllowsOrigin, headers: IncomingHttpHeaders): boolean {
  const { origin, host, 'sec-fetch-site': site, 'sec-fetch-mode': mode } = headers;
  const isOwn = origin === undefined && site === 'same-origin' && mode !== 'navigate';
  return isOwn ? allows(`http://${host}`, host) || allows(`https://${host}`, host) : allows(origin, host);
}

function parseUrl(text: string): { hostname: string; host: string } {
  try {
    return new URL(text);
  } catch {
    return { hostname: '', host: '' };
  }
}

/** PUT and DELETE are those of event streams. */
export const METHODS = 'GET, HEAD, POST, PUT, DELETE, OPTIONS';

/** Of every answer to whoever may ask. Also without an origin: caches must not give that answer to a page. */
export function corsHeaders(origin: string | undefined): Record<string, string> {
  if (origin === undefined) return { vary: 'origin' };
  return {
    'access-control-allow-origin': origin,
    'access-control-expose-headers': 'allow, retry-after, www-authenticate',
    vary: 'origin',
  };
}

/** Of the answer to a browser that asks whether a page may ask. */
export function preflightHeaders(origin: string | undefined): Record<string, string> {
  if (origin === undefined) return { allow: METHODS };
  return {
    ...corsHeaders(origin),
    'access-control-allow-methods': METHODS,
    'access-control-allow-headers':
      'authorization, content-type, apollo-require-preflight, x-apollo-operation-name, apollographql-client-name, apollographql-client-version, graphql-client-name, graphql-client-version, x-graphql-event-stream-token, traceparent, x-mesh-after, x-mesh-budget-usd, x-mesh-cost, x-mesh-deadline-ms',
    'access-control-max-age': '600',
  };
}
