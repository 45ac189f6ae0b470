import type { Principal } from '../../subgraphs/shared/principal.js';

const READ_FLEET = ['agents.read', 'models.read', 'tasks.read'];
const READ_ALL = [...READ_FLEET, 'evaluations.read', 'costs.read', 'policies.read'];
const DEV_AGENT = /^dev-agent:([A-Za-z0-9][\w./-]{0,127})$/;

/** Who a development token stands for, all in tenant `demo`. Null: it is not one. Whether they are accepted is the caller's to know. */
export function devPrincipal(token: string): Principal | null {
  switch (token) {
    case 'dev-admin':
      return user('admin', [...READ_ALL, 'tasks.run']);
    case 'dev-analyst':
      return user('analyst', [...READ_ALL, 'tasks.run']);
    case 'dev-viewer':
      return user('viewer', READ_FLEET);
  }
  const id = DEV_AGENT.exec(token)?.[1];
  return id === undefined ? null : { ...user('agent', [...READ_FLEET, 'tasks.run']), id, kind: 'AGENT' };
}

function user(role: string, scopes: readonly string[]): Principal {
  return { id: role, kind: 'USER', tenant: 'demo', roles: [role], scopes, clearances: [], region: null };
}
