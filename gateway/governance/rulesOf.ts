import type { Supergraph } from '../planner/loadSupergraph.js';

/** What stands before a field, whoever applied it. All of a field's rules must hold. */
export type Rule =
  | { readonly kind: 'authenticated' }
  /** The caller holds all scopes of one of the lists. */
  | { readonly kind: 'scopes'; readonly anyOf: readonly (readonly string[])[] }
  /** Cedar allows all actions of one of the lists, on the tenant. */
  | { readonly kind: 'policies'; readonly anyOf: readonly (readonly string[])[] }
  | GovernedRule;

export interface GovernedRule {
  readonly kind: 'governed';
  readonly action: string;
  /** Null: the tenant. */
  readonly resource: string | null;
  /** Path into the arguments. */
  readonly id: readonly string[] | null;
  readonly silent: boolean;
}

/** The rules on a type, or on one of its fields. Kept, because every operation asks again. */
export function createRuleIndex(supergraph: Supergraph): (typeName: string, fieldName?: string) => readonly Rule[] {
  const index = new Map<string, readonly Rule[]>();
  return (typeName, fieldName) => {
    const coordinate = fieldName === undefined ? typeName : `${typeName}.${fieldName}`;
    let rules = index.get(coordinate);
    if (!rules) index.set(coordinate, (rules = supergraph.directivesOn(typeName, fieldName).flatMap(toRule)));
    return rules;
  };
}

function toRule({ name, args }: { name: string; args: Readonly<Record<string, unknown>> }): Rule[] {
  switch (name) {
    case 'authenticated':
      return [{ kind: 'authenticated' }];
    case 'requiresScopes':
      return [{ kind: 'scopes', anyOf: args['scopes'] as string[][] }];
    case 'policy':
      return [{ kind: 'policies', anyOf: args['policies'] as string[][] }];
    case 'governed':
      return [
        {
          kind: 'governed',
          action: args['action'] as string,
          resource: (args['resource'] as string | null | undefined) ?? null,
          id: typeof args['id'] === 'string' ? args['id'].split('.') : null,
          silent: args['onDeny'] === 'NULL',
        },
      ];
    default:
      return [];
  }
}
