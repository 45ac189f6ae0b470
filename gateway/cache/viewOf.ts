import { canonicalJson } from '../../subgraphs/shared/canonicalJson.js';
import type { Principal } from '../../subgraphs/shared/principal.js';

const views = new WeakMap<Principal, { readonly shared: string; readonly own: string }>();

/**
 * All of the caller that can change an answer, as text. Of what is PUBLIC: the tenant, roles, scopes, clearances and region, so that
 * callers who may see the same share it. Of what is PRIVATE also who the caller is.
 */
export function viewOf(principal: Principal, isPrivate: boolean): string {
  let view = views.get(principal);
  if (!view) {
    const { id: _id, kind: _kind, ...shared } = principal;
    views.set(principal, (view = { shared: canonicalJson(shared), own: canonicalJson(principal) }));
  }
  return isPrivate ? view.own : view.shared;
}
