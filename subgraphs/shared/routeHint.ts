import { createHash } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import { canonicalJson } from './canonicalJson.js';
import { MeshError } from './errors.js';
import type { Pricing } from './pricing.js';
import { principalEntity, type Principal } from './principal.js';
import type { ModelConnection } from './snapshot.js';

/** One entry of a route: who may compute the field, with which model, for at most how much. */
export interface RankedCandidate {
  readonly agentId: string;
  readonly modelId: string;
  readonly connection: ModelConnection;
  readonly pricing: Pricing;
  /** The most that this attempt may cost, in USD. */
  readonly capUsd: string;
  readonly estimatedCostUsd: string;
  /** Expected probability of success, 0 to 1. */
  readonly expectedQuality: number;
  /** Null: not measured yet. */
  readonly expectedLatencyMs: number | null;
}

/** A candidate that was not chosen, with a code: NO_SKILL MODALITY MODEL_NOT_APPROVED REGION CONTEXT_WINDOW POLICY TOO_SLOW OVER_BUDGET BELOW_QUALITY NOT_ACTIVE NOT_REQUESTED. */
export interface RejectedRoute {
  readonly agentId: string;
  readonly modelId: string | null;
  readonly code: string;
  /** In words, with the figures that decided. */
  readonly reason: string;
}

/** The gateway's decision for one instance of a @costRouted field. It travels as a JWS in the hidden argument `_route`. */
export interface RouteHint {
  readonly routeId: string;
  /** Best first, at most 4. Empty: nobody was eligible. The runner walks this list and nothing else. */
  readonly ranked: readonly RankedCandidate[];
  /** CHEAPEST, VALUE or BEST. */
  readonly objective: string;
  readonly complexity: 'SIMPLE' | 'MODERATE' | 'COMPLEX';
  readonly reasons: readonly string[];
  /** At most 20. */
  readonly rejected: readonly RejectedRoute[];
  /** Null when nothing was reserved: no budget applies, or it is a preview. */
  readonly reservationId: string | null;
  /** Epoch milliseconds: when the caller stops waiting. Null: no deadline (BATCH). */
  readonly deadlineAt: number | null;
  /** Epoch milliseconds: after this the decision is stale and must be asked for again. */
  readonly expiresAt: number;
}

/** What a hint is bound to. A hint that was made for one call is refused for any other. */
export interface RouteBinding {
  readonly principal: Principal;
  /** `Query.ask` */
  readonly field: string;
  /** The field's TaskInput as the subgraph receives it, defaults included. */
  readonly input: unknown;
}

export async function signRouteHint(hint: RouteHint, binding: RouteBinding, key: Uint8Array, nowMs: number): Promise<string> {
  return new SignJWT({ hint, binding: bindingHash(binding) })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer('mesh-gateway')
    .setAudience('route')
    .setIssuedAt(Math.floor(nowMs / 1000))
    .setExpirationTime(Math.ceil(hint.expiresAt / 1000))
    .sign(key);
}

/** Rejects with INVALID_ROUTE_HINT when it is missing, forged, expired, or bound to another principal, field or input. */
export async function verifyRouteHint(token: unknown, binding: RouteBinding, key: Uint8Array, nowMs: number): Promise<RouteHint> {
  if (typeof token !== 'string') throw refused('missing');
  const verified = await jwtVerify(token, key, {
    algorithms: ['HS256'],
    issuer: 'mesh-gateway',
    audience: 'route',
    currentDate: new Date(nowMs),
    requiredClaims: ['exp'],
  }).catch((cause: unknown) => {
    throw refused('forged or expired', cause);
  });
  if (verified.payload['binding'] !== bindingHash(binding)) throw refused('made for another call');
  return verified.payload['hint'] as RouteHint;
}

function bindingHash({ principal, field, input }: RouteBinding): string {
  const bound = canonicalJson([principalEntity(principal), principal.tenant, field, input]);
  return createHash('sha256').update(bound).digest('base64url');
}

function refused(why: string, cause?: unknown): MeshError {
  return new MeshError(
    'INVALID_ROUTE_HINT',
    `The route hint is ${why}. Only the gateway makes route hints; call the field without one.`,
    { cause },
  );
}
