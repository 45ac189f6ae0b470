import { createHash } from 'node:crypto';
import {
  baseType,
  ROUTER_SUPPORTED_SUPERGRAPH_FEATURES,
  Supergraph as FederationSupergraph,
  type AppliedDirective as FederationDirective,
} from './federation.js';
import { GraphQLError, parse, print, visit, type ConstDirectiveNode, type DocumentNode, type GraphQLSchema } from 'graphql';
import { SUBGRAPH_NAMES } from '../../subgraphs/shared/names.js';
import { MeshError } from '../errors.js';
import { createDataNames, type DataName } from './dataNames.js';
import { addExecutableDirectives } from './executableDirectives.js';
import { hiddenSelections } from './hiddenSelections.js';
import { readOverrideLabels, type LabelsMet } from './overrideLabels.js';
import { createRequiredInputs, type RequiredInputs } from './requiredInputs.js';
import { createSplitConflicts, type SplitConflicts } from './splitConflicts.js';

/** A directive as the subgraphs applied it, under the name that its specification gives it, without the @. */
export interface AppliedDirective {
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
}

/** A loaded supergraph: everything later stages ask of it. Immutable. */
export interface Supergraph {
  readonly sdl: string;
  /** Changes with every change of the SDL. */
  readonly version: string;
  /** What clients may see. */
  readonly apiSchema: GraphQLSchema;
  readonly subgraphs: ReadonlyMap<string, { readonly name: string; readonly url: string }>;
  /** Of a type, of one of its fields, or of an argument of that. */
  directivesOn(typeName: string, fieldName?: string, argumentName?: string): readonly AppliedDirective[];
  /** By the whole supergraph, hidden types and fields included: what a field returns, without lists and non-nulls. */
  returnType(typeName: string, fieldName: string): { readonly name: string; readonly isComposite: boolean } | undefined;
  /** The object types that an interface or union may turn out to be; an object type is itself. */
  possibleTypes(typeName: string): readonly string[];
  rootType(kind: 'query' | 'mutation' | 'subscription'): string | undefined;
  /** The interfaces that a type implements, hidden ones among them. */
  interfacesOf(typeName: string): readonly string[];
  /** Whether clients may not see a type that the supergraph has, or a value of such an enum. What a subgraph says of it is null, and no error. */
  isHidden(typeName: string, enumValue?: string): boolean;
  /** See readOverrideLabels. */
  readonly labelsMet: LabelsMet;
  /** See createDataNames. */
  readonly dataName: DataName;
  /** See createRequiredInputs. */
  readonly requiredInputs: RequiredInputs;
  /** See createSplitConflicts. */
  readonly splitConflicts: SplitConflicts;
  /** Composed from the five subgraphs of the mesh, so that snapshot, policies and routing belong to it. */
  readonly isMesh: boolean;
  /** For the planner alone. */
  readonly federation: FederationSupergraph;
}

const MESH_SPEC = 'https://agent-mesh.dev/mesh';
const APOLLO_SPECS = 'https://specs.apollo.dev/';
/** Features of federation that the gateway enforces or that concern planning only; any other one that says to be needed is refused. */
const FEATURES = new Set([...ROUTER_SUPPORTED_SUPERGRAPH_FEATURES].filter((url) => !url.includes('/connect/')));
const ENFORCED_MESH_DIRECTIVES = new Set(['governed', 'costRouted', 'eventStream']);
const OVERFLOWS = new Set(['GAP', 'CONFLATE']);
/** They make answers cheaper, not safer: without them everything still holds. */
const OPTIONAL_MESH_DIRECTIVES = new Set(['cacheControl', 'degradable']);

/**
 * Reads a supergraph. Throws INVALID_SUPERGRAPH when it does not hold together, and UNSUPPORTED_DIRECTIVE when it applies a security
 * or governance directive that this gateway does not enforce: serving such a field unguarded would be worse than not serving it.
 */
export function loadSupergraph(sdl: string): Supergraph {
  const document = parseSdl(sdl);
  const federation = build(document);
  const schema = federation.schema;

  const cache = new Map<string, readonly AppliedDirective[]>();
  const directivesOn: Supergraph['directivesOn'] = (...at) => {
    const coordinate = at.join('.');
    let applied = cache.get(coordinate);
    if (!applied) cache.set(coordinate, (applied = readDirectives(federation, ...at)));
    return applied;
  };
  const hidden = hiddenSelections(document);
  const subgraphs = new Map(federation.subgraphsMetadata().map(({ name, url }) => [name, { name, url }]));
  addExecutableDirectives(federation);
  const api = federation.apiSchema();
  const apiSchema = api.toGraphQLJSSchema({ includeDefer: true });
  const supergraph: Supergraph = {
    sdl,
    version: createHash('sha256').update(sdl).digest('base64url').slice(0, 16),
    apiSchema,
    subgraphs,
    directivesOn,
    returnType: (typeName, fieldName) => {
      const type = schema.type(typeName);
      const field = type && 'field' in type ? type.field(fieldName) : undefined;
      if (!field?.type) return undefined;
      const { name, kind } = baseType(field.type);
      return { name, isComposite: kind === 'ObjectType' || kind === 'InterfaceType' || kind === 'UnionType' };
    },
    possibleTypes: (typeName) => {
      const type = schema.type(typeName);
      if (type?.kind === 'InterfaceType') return type.possibleRuntimeTypes().map(({ name }) => name);
      if (type?.kind === 'UnionType') return type.types().map(({ name }) => name);
      return type?.kind === 'ObjectType' ? [typeName] : [];
    },
    rootType: (kind) => schema.schemaDefinition.rootType(kind)?.name,
    interfacesOf: (typeName) => {
      const type = schema.type(typeName);
      return type && 'interfaces' in type ? type.interfaces().map(({ name }) => name) : [];
    },
    isHidden: (typeName, enumValue) => {
      const [type, seen] = [schema.type(typeName), api.type(typeName)];
      if (enumValue === undefined) return type !== undefined && seen === undefined;
      if (type?.kind !== 'EnumType' || !type.value(enumValue)) return false;
      return seen?.kind !== 'EnumType' || !seen.value(enumValue);
    },
    labelsMet: readOverrideLabels(document, hidden),
    dataName: createDataNames(hidden),
    requiredInputs: createRequiredInputs(document),
    splitConflicts: createSplitConflicts(document, apiSchema),
    isMesh: SUBGRAPH_NAMES.every((name) => subgraphs.has(name)) && schema.coreFeatures?.getByIdentity(MESH_SPEC) !== undefined,
    federation,
  };
  refuseUnenforcedDirectives(supergraph);
  return supergraph;
}

function parseSdl(sdl: string): DocumentNode {
  try {
    return parse(sdl, { noLocation: true });
  } catch (cause) {
    throw unreadable(cause);
  }
}

function build(document: DocumentNode): FederationSupergraph {
  try {
    return FederationSupergraph.build(resolvableKeysFirst(document), {
      supportedFeatures: FEATURES,
      validateSupergraph: false,
    });
  } catch (cause) {
    if (cause instanceof GraphQLError && cause.extensions['code'] === 'CheckFailed') {
      throw unsupported(cause.message.replace(/^.*\n\s*feature (\S+) is for: (\w+).*$/s, 'the feature $1 (for: $2)'));
    }
    throw unreadable(cause);
  }
}

function unreadable(cause: unknown): MeshError {
  const [at] = (cause instanceof GraphQLError && cause.locations) || [];
  const why = (cause as Error).message.replace(/\.$/, '') + (at ? ` (line ${at.line}, column ${at.column})` : '');
  return new MeshError('INVALID_SUPERGRAPH', `The supergraph cannot be loaded: ${why}. Compose it again.`, { cause });
}

/** The planner takes the first key of a subgraph for entering it, although one with `resolvable: false` does not let it in. */
function resolvableKeysFirst(supergraph: DocumentNode): DocumentNode {
  const reorder = <Node extends { readonly directives?: readonly ConstDirectiveNode[] }>(node: Node): Node | undefined => {
    const closed = (node.directives ?? []).filter(isUnresolvable);
    if (closed.length === 0) return undefined;
    return { ...node, directives: [...node.directives!.filter((each) => !isUnresolvable(each)), ...closed] };
  };
  return visit(supergraph, { ObjectTypeDefinition: reorder, InterfaceTypeDefinition: reorder });
}

function isUnresolvable({ name, arguments: args }: ConstDirectiveNode): boolean {
  return name.value === 'join__type' && !!args?.some((each) => each.name.value === 'resolvable' && print(each.value) === 'false');
}

function readDirectives(
  { schema }: FederationSupergraph,
  typeName: string,
  fieldName?: string,
  argumentName?: string,
): AppliedDirective[] {
  const type = schema.type(typeName);
  const field = fieldName !== undefined && type && 'field' in type ? type.field(fieldName) : undefined;
  const argument = argumentName !== undefined && field && 'argument' in field ? field.argument(argumentName) : undefined;
  const element = argumentName !== undefined ? argument : fieldName !== undefined ? field : type;
  if (!element) return [];
  return (element.appliedDirectives as readonly FederationDirective[]).flatMap((applied) => {
    if (!applied.definition) return [];
    const source = schema.coreFeatures?.sourceFeature(applied.definition);
    if (!source?.nameInFeature) return [];
    const { identity } = source.feature.url;
    if (identity !== MESH_SPEC && !identity.startsWith(APOLLO_SPECS)) return [];
    const { nameInFeature: name } = source;
    return [{ name, args: applied.arguments(true) }];
  });
}

function refuseUnenforcedDirectives(supergraph: Supergraph): void {
  const { schema } = supergraph.federation;
  const rootTypes = new Set(['query', 'mutation'].map((kind) => schema.schemaDefinition.rootType(kind as 'query')?.name));
  const meshNames = new Set<string>();
  for (const definition of schema.directives()) {
    const source = schema.coreFeatures?.sourceFeature(definition);
    if (source?.nameInFeature && source.feature.url.identity === MESH_SPEC) meshNames.add(source.nameInFeature);
  }
  for (const type of schema.types()) {
    const fields = 'fields' in type ? type.fields() : [];
    for (const field of [undefined, ...fields]) {
      for (const { name, args } of supergraph.directivesOn(type.name, field?.name)) {
        const where = `@${name} on ${field ? `${type.name}.${field.name}` : type.name}`;
        if (name === 'governed' && (args['when'] !== 'REQUEST' || !['ERROR', 'NULL'].includes(String(args['onDeny'])))) {
          throw unsupported(`${where} with when: "${String(args['when'])}", onDeny: "${String(args['onDeny'])}"`);
        }
        if (name === 'eventStream' && !OVERFLOWS.has(String(args['overflow'])))
          throw unsupported(`${where} with overflow: "${String(args['overflow'])}"`);
        if (name === 'costRouted' && !rootTypes.has(type.name))
          throw unsupported(`${where}, which is not a root field of a query or mutation,`);
        if (meshNames.has(name) && !ENFORCED_MESH_DIRECTIVES.has(name) && !OPTIONAL_MESH_DIRECTIVES.has(name))
          throw unsupported(where);
      }
    }
  }
}

function unsupported(what: string): MeshError {
  return new MeshError(
    'UNSUPPORTED_DIRECTIVE',
    `This gateway does not enforce ${what} and refuses the supergraph rather than serve it unguarded. Remove it, or use a version that enforces it.`,
  );
}
