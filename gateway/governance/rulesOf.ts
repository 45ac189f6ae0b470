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

/**
 * The rules on a type, or on one of its fields: its own, and what @governed says of the interfaces that it implements, each rule once.
 * Who may not have a field of an interface may not have it of an object either. Not so for federation's own directives: nobody can put
 * them on an interface, and where the supergraph has them there, composition has gathered them from all types that implement it.
 * Kept, because every operation asks again.
 */
export function createRuleIndex(
  supergraph: Pick<Supergraph, 'directivesOn' | 'interfacesOf'>,
): (typeName: string, fieldName?: string) => readonly Rule[] {
  const index = new Map<string, readonly Rule[]>();
  const read = (typeName: string, fieldName?: string): readonly Rule[] => {
    const own = supergraph.directivesOn(typeName, fieldName);
    const inherited = supergraph
      .interfacesOf(typeName)
      .flatMap((name) => supergraph.directivesOn(name, fieldName).filter((directive) => directive.name === 'governed'));
    return distinct([...own, ...inherited].flatMap(toRule));
  };
  return (typeName, fieldName) => {
    const coordinate = fieldName === undefined ? typeName : `${typeName}.${fieldName}`;
    let rules = index.get(coordinate);
    if (!rules) index.set(coordinate, (rules = read(typeName, fieldName)));
    return rules;
  };
}

export function distinct(rules: readonly Rule[]): readonly Rule[] {
  return rules.length < 2 ? rules : [...new Map(rules.map((rule) => [JSON.stringify(rule), rule])).values()];
}

/** Those that none of the others says already. */
export function without(rules: readonly Rule[], others: readonly Rule[]): readonly Rule[] {
  if (rules.length === 0 || others.length === 0) return rules;
  const known = new Set(others.map((rule) => JSON.stringify(rule)));
  return rules.filter((rule) => !known.has(JSON.stringify(rule)));
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
