export type PrincipalKind = 'USER' | 'SERVICE' | 'AGENT' | 'ANONYMOUS';

/** Who the gateway takes the caller for. Only the gateway makes one; subgraphs read it from the signed request context. */
export interface Principal {
  readonly id: string;
  readonly kind: PrincipalKind;
  /** Null for an anonymous caller. */
  readonly tenant: string | null;
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  readonly clearances: readonly string[];
  readonly region: string | null;
}

export const ANONYMOUS: Principal = {
  id: 'anonymous',
  kind: 'ANONYMOUS',
  tenant: null,
  roles: [],
  scopes: [],
  clearances: [],
  region: null,
};

/** The gateway itself, when it reads snapshots, reserves budgets and hands over decisions. No token can claim this. */
export const GATEWAY_PRINCIPAL: Principal = {
  id: 'mesh-gateway',
  kind: 'SERVICE',
  tenant: null,
  roles: ['gateway'],
  scopes: ['mesh.internal', 'tenant.any'],
  clearances: [],
  region: null,
};

const CEDAR_TYPE = { USER: 'User', SERVICE: 'Service', AGENT: 'Agent', ANONYMOUS: 'Anonymous' } as const;

/** The Cedar type of a principal: `User`, `Service`, `Agent` or `Anonymous`. */
export function cedarTypeOf(kind: PrincipalKind): string {
  return CEDAR_TYPE[kind];
}

/** As Cedar names it: `User::"ada"`. */
export function principalEntity(principal: Principal): string {
  return `${cedarTypeOf(principal.kind)}::${JSON.stringify(principal.id)}`;
}
