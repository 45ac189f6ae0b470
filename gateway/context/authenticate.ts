import type { JWTVerifyGetKey } from 'jose';
import { ANONYMOUS, type Principal } from '../../subgraphs/shared/principal.js';
import { LIMITS } from '../config/limits.js';
import type { AuthConfig } from '../config/readConfig.js';
import { MeshError } from '../errors.js';
import { devPrincipal } from './devTokens.js';
import { jwtVerifier } from './jwtPrincipal.js';

export interface Caller {
  readonly principal: Principal;
  /** Epoch milliseconds after which the token says nothing any more. Null: never. */
  readonly expiresAt: number | null;
}

/**
 * Resolves an Authorization value to the caller. None at all is the anonymous caller; one that does not hold rejects with
 * UNAUTHENTICATED and is never taken for anonymous: the caller would wonder at missing data instead of mending the token.
 */
export type Authenticate = (authorization: unknown) => Promise<Caller>;

const BEARER = /^Bearer +([\w.:/+~=-]+) *$/i;

export function createAuthenticator(auth: AuthConfig, clock: () => number, keys?: JWTVerifyGetKey): Authenticate {
  const verifyJwt = auth.jwt && jwtVerifier(auth.jwt, clock, keys);
  return async (authorization) => {
    if (authorization === undefined || authorization === '') return { principal: ANONYMOUS, expiresAt: null };
    if (typeof authorization !== 'string') throw refused('is not a string');
    if (authorization.length > LIMITS.authorization) throw refused('is too long');
    const token = BEARER.exec(authorization)?.[1];
    if (token === undefined) throw refused('is not of the form `Bearer <token>`');
    const principal = devPrincipal(token);
    if (principal) {
      if (!auth.devTokens) throw refused('is a development token, which this gateway does not accept');
      return { principal, expiresAt: null };
    }
    if (!verifyJwt) throw refused('is unknown');
    return verifyJwt(token).catch((cause: unknown) => {
      throw refused('does not verify, or lacks a claim', cause);
    });
  };
}

function refused(why: string, cause?: unknown): MeshError {
  return new MeshError('UNAUTHENTICATED', `The token ${why}. Send a valid \`Authorization: Bearer\` header, or none.`, { cause });
}
