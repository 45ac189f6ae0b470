import { isIP } from 'node:net';
import { isLoopback } from '../config/readConfig.js';

/** Where Apollo Sandbox runs. */
const APOLLO = new Set([
  'https://studio.apollographql.com',
  'https://sandbox.embed.apollographql.com',
  'https://explorer.embed.apollographql.com',
]);

/**
 * Which pages may speak to the gateway from a browser. Without development tokens: all, since a page has no token unless its user gave
 * it one, and cookies mean nothing here. With them: pages of this machine, of this gateway and Apollo's, because everybody knows the
 * tokens, and any page that a developer happens to open could otherwise take over the mesh behind his back.
 */
export function createOriginCheck(devTokens: boolean): (origin: string | undefined, host: string | undefined) => boolean {
  return (origin, host) => {
    if (origin === undefined || !devTokens || APOLLO.has(origin)) return true;
    const { hostname, host: originHost } = parseUrl(origin);
    // The gateway's own pages, but not by name: a foreign name can be rebound to this machine's address, and then equals the Host.
    return isLoopback(hostname) || (originHost === host && isIP(hostname.replace(/^\[|\]$/g, '')) !== 0);
  };
}

function parseUrl(text: string): { hostname: string; host: string } {
  try {
    return new URL(text);
  } catch {
    return { hostname: '', host: '' };
  }
}

export function corsHeaders(origin: string | undefined): Record<string, string> {
  if (origin === undefined) return {};
  return {
    'access-control-allow-origin': origin,
    'access-control-allow-methods': 'GET, HEAD, POST, PUT, DELETE, OPTIONS',
    'access-control-allow-headers':
      'authorization, content-type, apollo-require-preflight, x-apollo-operation-name, x-graphql-event-stream-token, traceparent, x-mesh-after, x-mesh-budget-usd, x-mesh-deadline-ms',
    'access-control-max-age': '600',
    vary: 'origin',
  };
}
