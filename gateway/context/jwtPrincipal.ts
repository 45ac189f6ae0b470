import { createRemoteJWKSet, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';
import type { Principal } from '../../subgraphs/shared/principal.js';
import type { AuthConfig } from '../config/readConfig.js';
import type { Caller } from './authenticate.js';

/** Asymmetric ones only: with HS256 a public key could be taken for a shared secret. */
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'];
const NEVER_GRANTED = new Set(['mesh.internal']);

const words = z.union([z.array(z.string()), z.string().transform((text) => text.split(' ').filter(Boolean))]).default([]);
const Claims = z.object({
  sub: z.string().min(1),
  // `*` is how policies name every tenant; nobody is of it.
  tenant: z
    .string()
    .min(1)
    .refine((tenant) => tenant !== '*'),
  kind: z.enum(['USER', 'SERVICE', 'AGENT']).default('USER'),
  roles: words,
  scope: words,
  scopes: words,
  clearances: words,
  region: z.string().nullable().default(null),
  exp: z.number(),
});

/**
 * Verifies JWTs by a JSON Web Key Set, fetched when needed and kept. The claims sub, tenant, kind, roles, scope (or scopes),
 * clearances and region make the principal. Rejects with whatever is wrong; the caller of this says so in one way.
 */
export function jwtVerifier(
  jwt: NonNullable<AuthConfig['jwt']>,
  clock: () => number,
  keys: JWTVerifyGetKey = createRemoteJWKSet(new URL(jwt.jwksUrl), { timeoutDuration: 5_000 }),
): (token: string) => Promise<Caller> {
  return async (token) => {
    const { payload } = await jwtVerify(token, keys, {
      algorithms: ALGORITHMS,
      issuer: jwt.issuer,
      audience: jwt.audience,
      currentDate: new Date(clock()),
      requiredClaims: ['sub', 'exp'],
    });
    const claims = Claims.parse(payload satisfies JWTPayload);
    const principal: Principal = {
      id: claims.sub,
      kind: claims.kind,
      tenant: claims.tenant,
      roles: claims.roles.filter((role) => role !== 'gateway'),
      scopes: [...new Set([...claims.scope, ...claims.scopes])].filter((scope) => !NEVER_GRANTED.has(scope)),
      clearances: claims.clearances,
      region: claims.region,
    };
    return { principal, expiresAt: claims.exp * 1000 };
  };
}
