import { createHash } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import { MeshError } from './errors.js';
import type { SubgraphName } from './names.js';
import type { Principal } from './principal.js';

/** What a subgraph knows of the call that it serves. Made by the gateway, signed when it travels, trusted once verified. */
export interface RequestContext {
  readonly principal: Principal;
  /** One client operation, across all its fetches. */
  readonly operationId: string;
  /** Epoch milliseconds. Work that would end later is pointless. */
  readonly deadlineAt: number;
  /** W3C trace context of the fetch. */
  readonly traceparent?: string;
}

export const CONTEXT_HEADER = 'x-mesh-context';
const LIFETIME_SECONDS = 60;

/** The JWS (HS256) that goes with every HTTP call to a subgraph: 60 s, for one subgraph, for one body. */
export async function signContext(
  context: RequestContext,
  audience: string,
  body: string,
  key: Uint8Array,
  nowMs: number,
): Promise<string> {
  const issuedAt = Math.floor(nowMs / 1000);
  return new SignJWT({ context: { ...context }, body: bodyHash(body) })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer('mesh-gateway')
    .setAudience(audience)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + LIFETIME_SECONDS)
    .sign(key);
}

/** Rejects with CONTEXT_REQUIRED when the header is missing, forged, expired, meant for another subgraph or for another body. */
export async function verifyContext(
  header: string | undefined,
  audience: SubgraphName | 'gateway',
  body: string,
  key: Uint8Array,
  nowMs: number,
): Promise<RequestContext> {
  if (header === undefined) throw refused('the header is missing');
  const verified = await jwtVerify(header, key, {
    algorithms: ['HS256'],
    issuer: 'mesh-gateway',
    audience,
    currentDate: new Date(nowMs),
    requiredClaims: ['exp'],
  }).catch((cause: unknown) => {
    throw refused('it does not verify', cause);
  });
  if (verified.payload['body'] !== bodyHash(body)) throw refused('it was made for another body');
  return verified.payload['context'] as RequestContext;
}

function bodyHash(body: string): string {
  return createHash('sha256').update(body).digest('base64url');
}

function refused(why: string, cause?: unknown): MeshError {
  return new MeshError(
    'CONTEXT_REQUIRED',
    `This subgraph answers the gateway only (${CONTEXT_HEADER}: ${why}). Send the operation to the gateway.`,
    {
      cause,
    },
  );
}
