-- The policies that every mesh begins with. They hold for all tenants and can be switched off, one by one, with the scope tenant.any.
-- Internal calls between the gateway and its subgraphs are not governed: these are about callers.
insert into policies.policy (id, tenant, cedar, description, tags, enabled, version, created_at, updated_at) values
(
  'baseline.admin', '*',
  $cedar$// Administrators may do anything in their own tenant. Without a tenant a resource is no other tenant's.
permit (principal, action, resource)
when { principal.roles.contains("admin") }
when
{
  !(resource has tenant) ||
  principal.scopes.contains("tenant.any") ||
  (principal has tenant && resource.tenant == principal.tenant)
};
$cedar$,
  'Administrators may do anything in their own tenant.', '{baseline}', true, 1, '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z'
),
(
  'baseline.tasks', '*',
  $cedar$// Whoever holds the scope tasks.run may have agents work, with the models that those agents use.
permit (
  principal,
  action in [Action::"task.run", Action::"model.invoke"],
  resource
)
when { principal.scopes.contains("tasks.run") };
$cedar$,
  'Callers with the scope tasks.run may have agents work.', '{baseline}', true, 1, '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z'
),
(
  'baseline.own-tenant', '*',
  $cedar$// Nobody reaches into another tenant, whatever else permits it, unless they hold the scope tenant.any.
forbid (principal, action, resource)
when { resource has tenant }
unless { principal has tenant && resource.tenant == principal.tenant }
unless { principal.scopes.contains("tenant.any") };
$cedar$,
  'Nobody reaches into another tenant without the scope tenant.any.', '{baseline}', true, 1, '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z'
),
(
  'baseline.unapproved-model', '*',
  $cedar$// A model that is not approved is never called, not even for an administrator.
forbid (
  principal,
  action == Action::"model.invoke",
  resource
)
when { resource has approval && resource.approval != "APPROVED" };
$cedar$,
  'A model that is not approved is never called.', '{baseline}', true, 1, '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z'
);
