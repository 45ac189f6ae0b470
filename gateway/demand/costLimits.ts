import type { CostConfig, CostLimits, PrincipalLimit } from '../config/costConfig.js';
import type { FetchContext } from '../fetch/SubgraphClient.js';
import type { Principal } from '../../subgraphs/shared/principal.js';

type Headers = FetchContext['headers'];

/** What this caller may ask for at once. Null: there is no limit. */
export type LimitOf = (principal: Principal, headers: Headers) => number | null;

/** By who the caller is known to be, else by what the client calls itself, which anybody may say. */
export function createLimitOf({ max, clients, principals }: CostLimits): LimitOf {
  const found = new WeakMap<Principal, number | null>();
  const byPrincipal = (principal: Principal): number | null => {
    let limit = found.get(principal);
    if (limit === undefined) {
      limit = principals.find((rule) => fits(rule, principal))?.max ?? null;
      found.set(principal, limit);
    }
    return limit;
  };
  return (principal, headers) => {
    const own = principals.length > 0 ? byPrincipal(principal) : null;
    if (own !== null || clients.size === 0) return own ?? max;
    return clients.get(clientName(headers) ?? '') ?? max;
  };
}

/** Whether the client wants to be told what its operations cost. */
export function asksForCost(headers: Headers): boolean {
  return headers?.['x-mesh-cost'] !== undefined;
}

/** The headers of a request that answers depend on because of costs, as text. Empty when there are none. */
export function createCostHeaders({ mode, limits, isShown }: CostConfig): (headers: Headers) => string {
  if (mode === 'off') return () => '';
  const { clients } = limits;
  return (headers) => {
    const name = clients.size > 0 ? clientName(headers) : undefined;
    return `${isShown && asksForCost(headers) ? 'shown' : ''}${name !== undefined && clients.has(name) ? ` ${name}` : ''}`;
  };
}

/** As Apollo's clients call themselves, or as the draft of GraphQL over HTTP has it. */
function clientName(headers: Headers = {}): string | undefined {
  const name = headers['apollographql-client-name'] ?? headers['graphql-client-name'];
  return Array.isArray(name) ? name[0] : name;
}

function fits({ id, kind, tenant, role }: PrincipalLimit, principal: Principal): boolean {
  return (
    (id === undefined || id === principal.id) &&
    (kind === undefined || kind === principal.kind) &&
    (tenant === undefined || tenant === principal.tenant) &&
    (role === undefined || principal.roles.includes(role))
  );
}
