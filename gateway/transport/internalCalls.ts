import { SpanKind } from '@opentelemetry/api';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { readBody } from '../../subgraphs/shared/readBody.js';
import { CONTEXT_HEADER, signContext, verifyContext, type RequestContext } from '../../subgraphs/shared/requestContext.js';
import { currentTraceparent, withSpan } from '../../subgraphs/shared/telemetry/withSpan.js';
import type { AskMesh, Reroute, SubgraphRequest } from '../../subgraphs/shared/Subgraph.js';
import { MeshError } from '../errors.js';
import { statusOf, toClientError } from './clientError.js';
import { sendJson } from './sendText.js';

interface Options {
  readonly internalKey: Uint8Array;
  readonly clock: () => number;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/**
 * What subgraphs that run alone ask the gateway for, by path: a new route for a queued task whose hint has expired, and an operation
 * through the whole pipeline. Only for holders of MESH_INTERNAL_KEY: the body is bound to a signed context for the audience `gateway`,
 * which says who asks; everybody else gets CONTEXT_REQUIRED.
 */
export function internalCalls(
  { reroute, askMesh }: { reroute: Reroute; askMesh: AskMesh },
  options: Options & { readonly log: Logger },
): ReadonlyMap<string, Handler> {
  return new Map([
    ['/internal/route', internalCall(options, async (body) => ({ hint: await reroute(body as Parameters<Reroute>[0]) }))],
    ['/internal/graphql', internalCall(options, (body, { principal }) => askMesh(principal, readRequest(body)))],
  ]);
}

function internalCall(
  { internalKey, clock, log }: Options & { readonly log: Logger },
  answer: (body: unknown, context: RequestContext) => Promise<object>,
): Handler {
  return async (request, response) => {
    try {
      const text = await readBody(request);
      const header = request.headers[CONTEXT_HEADER];
      const context = await verifyContext(typeof header === 'string' ? header : undefined, 'gateway', text, internalKey, clock());
      // Without the asker's trace it is none of its own: whoever asks by itself is a worker.
      const span = { kind: SpanKind.SERVER, from: context.traceparent };
      sendJson(response, 200, await withSpan('internal call', span, () => answer(JSON.parse(text), context)));
    } catch (error) {
      const { message, extensions } = toClientError(error, 'internal-call', log);
      const code = String(extensions['code']);
      sendJson(response, statusOf(code), { errors: [{ message, extensions: { code } }] });
    }
  };
}

function readRequest(body: unknown): SubgraphRequest {
  if (body !== null && typeof body === 'object' && 'query' in body && typeof body.query === 'string')
    return body as SubgraphRequest;
  throw new MeshError('BAD_USER_INPUT', 'The body is not JSON with a `query`.');
}

/** The other end, for an agents subgraph that runs alone. Rejects with the gateway's code, or TOO_BUSY when it does not answer. */
export function rerouteOverHttp(meshUrl: string, options: Options): Reroute {
  return async (request) => {
    const { hint, errors } = await post<{ hint?: string }>(
      `${meshUrl}/internal/route`,
      request.principal,
      request,
      REROUTE_MS,
      options,
    );
    if (hint !== undefined) return hint;
    const error = errors?.[0];
    throw new MeshError(String(error?.extensions?.['code'] ?? 'TOO_BUSY'), error?.message ?? 'The gateway gave no route.');
  };
}

/** The other end, for an evaluations subgraph that runs alone. Rejects with TOO_BUSY when the gateway does not answer. */
export function askMeshOverHttp(meshUrl: string, options: Options): AskMesh {
  return (principal, request) =>
    post<{ data?: Record<string, unknown> | null }>(`${meshUrl}/internal/graphql`, principal, request, ASK_MS, options);
}

const REROUTE_MS = 10_000;
/** Longer than any operation has by itself, so that the gateway's own answer arrives. */
const ASK_MS = 45_000;

type Failed = { readonly errors?: readonly { message: string; extensions?: Record<string, unknown> }[] };

async function post<Answer>(
  url: string,
  principal: RequestContext['principal'],
  request: object,
  timeoutMs: number,
  { internalKey, clock }: Options,
): Promise<Answer & Failed> {
  const body = JSON.stringify(request);
  const traceparent = currentTraceparent();
  const context = {
    principal,
    operationId: 'internal',
    deadlineAt: clock() + timeoutMs,
    ...(traceparent !== undefined && { traceparent }),
  };
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      [CONTEXT_HEADER]: await signContext(context, 'gateway', body, internalKey, clock()),
    },
    body,
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  }).catch((cause: unknown) => {
    throw new MeshError('TOO_BUSY', `The gateway at ${new URL(url).origin} does not answer (MESH_URL).`, { cause });
  });
  return (await response.json().catch((cause: unknown) => {
    throw new MeshError('TOO_BUSY', `The gateway answered ${response.status} without JSON.`, { cause });
  })) as Answer & Failed;
}
