-- What holds in every tenant from the first start on. Nothing is allowed that no policy permits; a forbid always wins.
insert into policies.policy (id, tenant, cedar, description, tags, enabled, version, updated_at) values
('baseline.admin', '*',
 E'permit (principal, action, resource)\nwhen { principal.roles.contains("admin") };\n',
 'Administrators may do everything in their tenant.', '{baseline}', true, 1, now()),
('baseline.tasks', '*',
 E'permit (principal, action in [Action::"task.run", Action::"model.invoke"], resource)\nwhen { principal.scopes.contains("tasks.run") };\n',
 'Whoever holds the scope tasks.run may give work to agents and models.', '{baseline}', true, 1, now()),
('baseline.own-tenant', '*',
 E'forbid (principal, action, resource)\nwhen { resource has tenant }\nunless { (principal has tenant && resource.tenant == principal.tenant) || principal.scopes.contains("tenant.any") };\n',
 'Nobody acts on what belongs to another tenant.', '{baseline}', true, 1, now()),
('baseline.approved-models', '*',
 E'forbid (principal, action == Action::"model.invoke", resource)\nwhen { resource has approval && resource.approval != "APPROVED" };\n',
 'A model that is not approved is never called.', '{baseline}', true, 1, now());
