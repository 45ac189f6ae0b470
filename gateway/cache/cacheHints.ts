import type { Supergraph } from '../planner/loadSupergraph.js';
import { NEVER, restrict, UNSAID, type CachePolicy } from './CachePolicy.js';

/** What `@cacheControl` says in a supergraph. */
export interface CacheHints {
  /** Of an entity that a fetch begins with: what its type says, and nothing when it says nothing. */
  ofType(typeName: string): CachePolicy;
  /** Of selecting a field: with the defaults applied. A field that is not known is never kept. */
  ofField(parentType: string, fieldName: string, isRoot: boolean): CachePolicy;
}

/**
 * Reads the directive as Apollo Server defines it (apollographql.com/docs/apollo-server/performance/caching): a hint on the field goes
 * before one on the type that it returns; without either, root fields and fields that return objects have maxAge 0 and other fields have
 * what their parent has. Two things are stricter here, where stricter is safer: through an interface or union the hints of every type
 * that it may turn out to be count too, and a @costRouted field is never kept whatever it says.
 */
export function createCacheHints(supergraph: Supergraph): CacheHints {
  const fields = new Map<string, CachePolicy>();
  const ofType = (typeName: string): CachePolicy =>
    supergraph
      .possibleTypes(typeName)
      .reduce(
        (policy, possible) => restrict(policy, toPolicy(hintOn(supergraph, possible))),
        toPolicy(hintOn(supergraph, typeName)),
      );

  return {
    ofType,
    ofField: (parentType, fieldName, isRoot) => {
      const key = `${parentType}.${fieldName} ${isRoot}`;
      let policy = fields.get(key);
      if (!policy) {
        policy = [...new Set([parentType, ...supergraph.possibleTypes(parentType)])]
          .map((type) => fieldPolicy(supergraph, type, fieldName, isRoot))
          .reduce(restrict);
        fields.set(key, policy);
      }
      return policy;
    },
  };
}

interface Hint extends CachePolicy {
  readonly inheritMaxAge: boolean;
  readonly saysScope: boolean;
}

const NO_HINT: Hint = { ...UNSAID, inheritMaxAge: false, saysScope: false };

function hintOn(supergraph: Supergraph, typeName: string, fieldName?: string): Hint {
  const args = supergraph.directivesOn(typeName, fieldName).find(({ name }) => name === 'cacheControl')?.args;
  if (!args) return NO_HINT;
  const { maxAge, scope, inheritMaxAge } = args;
  return {
    maxAge: typeof maxAge === 'number' ? Math.max(0, maxAge) : undefined,
    // A word that is neither of the two must not make anything public.
    isPrivate: typeof scope === 'string' && scope !== 'PUBLIC',
    saysScope: typeof scope === 'string',
    inheritMaxAge: inheritMaxAge === true,
  };
}

function toPolicy({ maxAge, isPrivate }: Hint): CachePolicy {
  return { maxAge, isPrivate };
}

function fieldPolicy(supergraph: Supergraph, parentType: string, fieldName: string, isRoot: boolean): CachePolicy {
  const returned = supergraph.returnType(parentType, fieldName);
  if (!returned || supergraph.directivesOn(parentType, fieldName).some(({ name }) => name === 'costRouted')) return NEVER;
  const ofType = returned.isComposite ? hintOn(supergraph, returned.name) : NO_HINT;
  const own = hintOn(supergraph, parentType, fieldName);
  // `inheritMaxAge` on a field gives way to a maxAge of the type.
  const inherits = own.inheritMaxAge && ofType.maxAge === undefined;
  const said = inherits ? undefined : (own.maxAge ?? ofType.maxAge);
  const needsOne = (returned.isComposite && !inherits && !ofType.inheritMaxAge) || isRoot;
  const policy = {
    maxAge: said ?? (needsOne ? 0 : undefined),
    isPrivate: own.saysScope ? own.isPrivate : ofType.isPrivate,
  };
  return supergraph
    .possibleTypes(returned.name)
    .filter((type) => type !== returned.name)
    .reduce((strictest, type) => restrict(strictest, toPolicy(hintOn(supergraph, type))), policy);
}
