import type { FederationCase } from '../support/FederationCase.js';
import type { Choices } from './Choices.js';
import type { OperationOptions } from './drawOperation.js';
import { context } from './features/context.js';
import * as failures from './features/failures.js';
import { federation1 } from './features/federation1.js';
import { freeTypeName, type Feature } from './features/featureEntity.js';
import { inaccessible } from './features/inaccessible.js';
import { interfaceObject, requiresChainOnInterfaceObject, requiresOnInterfaceObject } from './features/interfaceObject.js';
import * as keys from './features/keys.js';
import * as metadata from './features/metadata.js';
import { override, overrideKey, overrideLabelled } from './features/override.js';
import * as provides from './features/provides.js';
import * as requires from './features/requires.js';
import * as security from './features/security.js';
import { shareable, shareableUnalike, shareableValuesUnalike } from './features/shareable.js';
import { abstractTypes, enumsAndInputs } from './features/types.js';

/** One feature of federation, and how it is seen that a case was really about it. */
export interface Profile {
  readonly name: string;
  readonly features: readonly Feature[];
  readonly operation?: OperationOptions;
  /** Who asks, and which subgraphs are down. */
  readonly asked?: (choose: Choices, subgraphs: readonly string[]) => Pick<FederationCase, 'scopes' | 'down'>;
  /** In a request to some subgraph. */
  readonly asks?: RegExp;
  /** In the SDL of some subgraph. */
  readonly sdl?: RegExp;
  /** Of the cases at least so many percent have it. */
  readonly share?: number;
}

const anonymousOrKnown = (choose: Choices): Pick<FederationCase, 'scopes'> =>
  choose.chance(35) ? {} : { scopes: choose.some(['one', 'two', 'three'], 50) };

const someDown = (choose: Choices, subgraphs: readonly string[]): Pick<FederationCase, 'down'> => ({
  down: choose.some(subgraphs, 20, 1),
});

/** Every combination of features that compose together. */
const ANY: readonly Feature[] = [
  keys.severalKeys,
  keys.compoundKey,
  requires.requires,
  requires.requiresNested,
  provides.provides,
  override,
  interfaceObject,
  shareable,
  abstractTypes,
  enumsAndInputs,
  inaccessible,
  metadata.tag,
];
const mixed: Feature = (draft) => {
  for (const feature of draft.choose.some(ANY, 25, 2).slice(0, 4)) if (freeTypeName(draft)) feature(draft);
};

const ENTITIES = /_entities/;

export const profiles: readonly Profile[] = [
  { name: 'several keys', features: [keys.severalKeys], sdl: /@key\(fields: "code"\)/, asks: ENTITIES },
  { name: 'compound keys', features: [keys.compoundKey], sdl: /@key\(fields: "(id kind|kind id)"\)/, asks: ENTITIES },
  { name: 'nested keys', features: [keys.nestedKey], sdl: /@key\(fields: "[^"]*home \{/, asks: ENTITIES },
  { name: 'keys that are not resolvable', features: [keys.unresolvableKey], sdl: /resolvable: false/, asks: ENTITIES },
  { name: 'keys that are entities', features: [keys.entityAsKey], sdl: /@key\(fields: "owner \{/, asks: ENTITIES },
  { name: 'null keys', features: [keys.nullKey], sdl: /code: String/, asks: ENTITIES },
  { name: '@requires', features: [requires.requires], sdl: /@requires/, asks: ENTITIES },
  {
    name: '@requires with arguments',
    features: [requires.requiresWithArguments],
    sdl: /@requires\(fields: "\w+\(/,
    asks: ENTITIES,
  },
  {
    name: '@requires with conflicting arguments',
    features: [requires.requiresConflicting],
    sdl: /@requires\(fields: "\w+\(n/,
    asks: ENTITIES,
  },
  { name: '@requires of nested fields', features: [requires.requiresNested], sdl: /@requires\(fields: "\w+ \{/, asks: ENTITIES },
  { name: '@requires of what requires', features: [requires.requiresChain], sdl: /@requires/, asks: ENTITIES },
  {
    name: '@requires of abstract types',
    features: [requires.requiresAbstract],
    sdl: /@requires\(fields: "[^"]*\.\.\. on/,
    asks: ENTITIES,
  },
  { name: '@requires on an interface', features: [requires.requiresOnInterface], sdl: /@requires/, asks: ENTITIES },
  { name: '@requires on an @interfaceObject', features: [requiresOnInterfaceObject], sdl: /@interfaceObject/, asks: ENTITIES },
  {
    name: '@requires of what requires, through an @interfaceObject',
    features: [requiresChainOnInterfaceObject],
    sdl: /@requires\(fields: "digest"/,
    asks: ENTITIES,
  },
  { name: '@requires of what is overridden', features: [requires.requiresOverridden], sdl: /@override/, asks: ENTITIES },
  {
    name: '@requires of subgraphs that fail',
    features: [requires.requires],
    sdl: /@requires/,
    asked: someDown,
  },
  { name: '@provides', features: [provides.provides], sdl: /@provides/ },
  { name: '@provides on a union', features: [provides.providesOnUnion], sdl: /@provides\(fields: "\.\.\. on/ },
  { name: '@provides on an interface', features: [provides.providesOnInterface], sdl: /@provides\(fields: "\.\.\. on/ },
  { name: '@override', features: [override], sdl: /@override/ },
  { name: '@override with labels', features: [overrideLabelled], sdl: /@override\(.*label/ },
  { name: '@override of a key', features: [overrideKey], sdl: /code: ID! @override/ },
  { name: '@interfaceObject', features: [interfaceObject], sdl: /@interfaceObject/, asks: ENTITIES },
  { name: '@shareable', features: [shareable], sdl: /@shareable/ },
  { name: '@shareable, unalike', features: [shareableUnalike], sdl: /@shareable/ },
  { name: '@shareable values, unalike', features: [shareableValuesUnalike], sdl: /@shareable/ },
  { name: '@inaccessible', features: [inaccessible], sdl: /@inaccessible/ },
  { name: '@context', features: [context], sdl: /@fromContext/, asks: ENTITIES },
  { name: '@authenticated', features: [security.authenticated], sdl: /@authenticated/, asked: anonymousOrKnown },
  { name: '@requiresScopes', features: [security.requiresScopes], sdl: /@requiresScopes/, asked: anonymousOrKnown },
  { name: '@policy', features: [security.policy], sdl: /@policy/, asked: anonymousOrKnown },
  { name: '@cost', features: [metadata.cost], sdl: /@cost/ },
  { name: '@listSize', features: [metadata.listSize], sdl: /@listSize/ },
  { name: '@tag', features: [metadata.tag], sdl: /@tag/ },
  { name: '@composeDirective', features: [metadata.composeDirective], sdl: /@composeDirective/ },
  { name: 'abstract types and fragments', features: [abstractTypes], sdl: /interface/ },
  { name: '@skip and @include', features: [keys.severalKeys, abstractTypes], operation: { conditions: 45 }, share: 20 },
  { name: 'enums and inputs that intersect', features: [enumsAndInputs], sdl: /enum \w+In / },
  { name: 'null propagation', features: [failures.nullPropagation] },
  { name: 'entities that are not everywhere', features: [failures.missingEntities], asks: ENTITIES },
  { name: 'fields that fail', features: [failures.failingFields] },
  {
    name: 'subgraphs that fail',
    features: [failures.failingSubgraphs],
    asked: someDown,
  },
  { name: 'mutations in order', features: [failures.mutations], operation: { kind: 'mutation' } },
  {
    name: 'mutations and subgraphs that fail',
    features: [failures.failingMutations],
    operation: { kind: 'mutation' },
    asked: (choose, subgraphs) => (choose.chance(50) ? {} : someDown(choose, subgraphs)),
  },
  { name: 'Federation 1', features: [federation1], sdl: /^(?!.*@link).*extend type/s, asks: ENTITIES },
  { name: 'several features', features: [mixed] },
];
