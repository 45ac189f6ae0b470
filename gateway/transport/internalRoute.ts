import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { readBody } from '../../subgraphs/shared/readBody.js';
import { CONTEXT_HEADER, signContext, verifyContext } from '../../subgraphs/shared/requestContext.js';
import type { Reroute } from '../../subgraphs/shared/Subgraph.js';
import { MeshError } from '../errors.js';
import { statusOf, toClientError } from './clientError.js';
import { sendJson } from './sendText.js';

interface Options {
  readonly internalKey: Uint8Array;
  readonly clock: () => number;
}

/**
 * POST /internal/route: a new route for a queued task whose hint has expired. Only for holders of MESH_INTERNAL_KEY: the body is bound
 * to a signed context for the audience `gateway`; everybody else gets CONTEXT_REQUIRED.
 */
export function internalRoute(reroute: Reroute, { internalKey, clock, log }: Options & { readonly log: Logger }) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      const text = await readBody(request);
      const header = request.headers[CONTEXT_HEADER];
      await verifyContext(typeof header === 'string' ? header : undefined, 'gateway', text, internalKey, clock());
      sendJson(response, 200, { hint: await reroute(JSON.parse(text) as Parameters<Reroute>[0]) });
    } catch (error) {
      const { message, extensions } = toClientError(error, 'internal-route', log);
      const code = String(extensions['code']);
      sendJson(response, statusOf(code), { errors: [{ message, extensions: { code } }] });
    }
  };
}

/** The other end, for an agents subgraph that runs alone. Rejects with the gateway's code, or TOO_BUSY when it does not answer. */
export function rerouteOverHttp(meshUrl: string, { internalKey, clock }: Options): Reroute {
  return async (request) => {
    const body = JSON.stringify(request);
    const context = { principal: request.principal, operationId: 'reroute', deadlineAt: clock() + REROUTE_MS };
    const response = await fetch(`${meshUrl}/internal/route`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        [CONTEXT_HEADER]: await signContext(context, 'gateway', body, internalKey, clock()),
      },
      body,
      redirect: 'error',
      signal: AbortSignal.timeout(REROUTE_MS),
    }).catch((cause: unknown) => {
      throw new MeshError('TOO_BUSY', `The gateway at ${meshUrl} does not answer (MESH_URL).`, { cause });
    });
    const answer = (await response.json()) as { hint?: string; errors?: { message: string; extensions: { code: string } }[] };
    if (answer.hint !== undefined) return answer.hint;
    const error = answer.errors?.[0];
    throw new MeshError(error?.extensions.code ?? 'TOO_BUSY', error?.message ?? `The gateway answered ${response.status}.`);
  };
}

const REROUTE_MS = 10_000;
