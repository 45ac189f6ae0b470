import { AgentCard, canonicalizeAgentCard } from '@a2a-js/sdk';
import { createLocalJWKSet, decodeProtectedHeader, flattenedVerify, type JSONWebKeySet } from 'jose';
import type { Egress } from '../egress/createEgress.js';
import { EgressError } from '../egress/EgressError.js';

/** An AgentCard cannot be had or believed; the message says why and may be shown. */
export class CardError extends Error {
  override readonly name = 'CardError';
}

const ALGORITHMS = ['ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512', 'RS256', 'EdDSA', 'Ed25519'];
const BINDINGS = new Set(['JSONRPC', 'HTTP+JSON']);
const MAX_SIGNATURES = 5;

/**
 * Fetches an A2A 1.0 AgentCard. A card that is signed must hold at least one signature that its own host vouches for: the keys are read
 * from the signature's `jku`, which must be of the card's origin (anybody could sign with keys of his own elsewhere), or else from
 * /.well-known/jwks.json there. Rejects with a CardError, or with the signal's reason.
 */
export async function readAgentCard(egress: Egress, url: string, signal: AbortSignal): Promise<AgentCard> {
  const json = await readJson(egress, url, signal, 'AgentCard');
  const card = toCard(json);
  if (card.name === '' || !card.supportedInterfaces.some(({ protocolBinding }) => BINDINGS.has(protocolBinding)))
    throw new CardError('It is not an A2A 1.0 AgentCard with a name and an interface of JSONRPC or HTTP+JSON.');
  if (card.signatures.length > 0) await checkSignatures(egress, card, url, signal);
  return card;
}

function toCard(json: unknown): AgentCard {
  try {
    return AgentCard.fromJSON(json);
  } catch {
    throw new CardError('It is not an A2A 1.0 AgentCard.');
  }
}

async function checkSignatures(egress: Egress, card: AgentCard, url: string, signal: AbortSignal): Promise<void> {
  const payload = Buffer.from(canonicalizeAgentCard(card)).toString('base64url');
  for (const { protected: header, signature } of card.signatures.slice(0, MAX_SIGNATURES)) {
    const jwks = await readKeys(egress, header, url, signal);
    if (!jwks) continue;
    const verified = await flattenedVerify({ payload, protected: header, signature }, createLocalJWKSet(jwks), {
      algorithms: ALGORITHMS,
    }).catch(() => undefined);
    if (verified) return;
  }
  throw new CardError(
    'The AgentCard is signed, and no signature is right: it was changed, or its keys are not those of its host.',
  );
}

/** Undefined: the signature names no keys that could be believed. */
async function readKeys(egress: Egress, header: string, url: string, signal: AbortSignal): Promise<JSONWebKeySet | undefined> {
  try {
    const { jku } = decodeProtectedHeader({ protected: header });
    const place = new URL(typeof jku === 'string' ? jku : '/.well-known/jwks.json', url);
    if (place.origin !== new URL(url).origin) return undefined;
    const jwks = await readJson(egress, place.href, signal, 'key set');
    return Array.isArray((jwks as Partial<JSONWebKeySet>).keys) ? (jwks as JSONWebKeySet) : undefined;
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

async function readJson(egress: Egress, url: string, signal: AbortSignal, what: string): Promise<object> {
  try {
    const response = await egress.fetch(url, { method: 'GET', headers: { accept: 'application/json' }, signal });
    if (!response.ok) {
      await response.body?.cancel();
      throw new CardError(`The ${what} cannot be had: its host answered ${response.status}.`);
    }
    const json = JSON.parse(await response.text()) as unknown;
    if (json !== null && typeof json === 'object') return json;
  } catch (error) {
    if (signal.aborted || error instanceof CardError) throw error;
    if (error instanceof EgressError) throw new CardError(`The ${what} cannot be had: ${error.message}.`);
  }
  throw new CardError(`The ${what} is not JSON.`);
}
