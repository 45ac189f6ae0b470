import type { IncomingHttpHeaders } from 'node:http';
import { MeshError } from '../../errors.js';

/** A page cannot send these elsewhere without asking first (a preflight), and the answer to that is `allowedOrigins`. */
const PREFLIGHTED = ['apollo-require-preflight', 'x-apollo-operation-name', 'authorization', 'x-graphql-event-stream-token'];

/**
 * Refuses a GET that a page of elsewhere makes a browser send, as an image or a form could: browsers say so in Sec-Fetch-Site or Origin.
 * Those that say neither are old ones, and what they could ask for is an anonymous query, without effects and with an answer that the page
 * cannot read; no cookie means anything here. Bodies need no such look: they have to be JSON, which is asked for first.
 * Throws BAD_USER_INPUT.
 */
export function refuseCrossSite(headers: IncomingHttpHeaders): void {
  const site = headers['sec-fetch-site'];
  const isForeign = site === undefined ? headers.origin !== undefined : site !== 'same-origin' && site !== 'none';
  if (!isForeign || PREFLIGHTED.some((name) => headers[name])) return;
  if (headers['content-type']?.toLowerCase().startsWith('application/json')) return;
  const message =
    'A page of another site asks, which may be a cross-site request forgery. Send the header `apollo-require-preflight: 1`.';
  throw new MeshError('BAD_USER_INPUT', message);
}
