import { composeServices } from '@apollo/composition';
import { parse, print, validate } from 'graphql';
import { expect, it } from 'vitest';
import { createGovernance } from '../../../gateway/governance/createGovernance.js';
import { createPolicyEngine, type PolicyEngine } from '../../../gateway/governance/createPolicyEngine.js';
import type { RecordedDecision } from '../../../gateway/governance/createRecorder.js';
import { loadSupergraph, type Supergraph } from '../../../gateway/planner/loadSupergraph.js';
import { createMetrics } from '../../../gateway/telemetry/createMetrics.js';
import { ANONYMOUS, type Principal } from '../../../subgraphs/shared/principal.js';

const SDL = `
  extend schema
    @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key", "@requiresScopes", "@authenticated", "@policy", "@composeDirective"])
    @link(url: "https://agent-mesh.dev/mesh/v1.0", import: ["@governed"])
    @composeDirective(name: "@governed")
  directive @governed(action: String!, resource: String, id: String, attributes: String, when: String = "REQUEST", onDeny: String = "ERROR") repeatable on FIELD_DEFINITION | OBJECT | INTERFACE
  type Query {
    open: String
    known: String @authenticated
    scoped(x: Int): String @requiresScopes(scopes: [["read", "all"], ["root"]])
    byPolicy: String @policy(policies: [["vip"], ["staff", "on.duty"]])
    governed(input: In): String @governed(action: "doc.read", resource: "Doc", id: "input.id")
    quiet(id: ID): String @governed(action: "doc.read", resource: "Doc", id: "id", onDeny: "NULL")
    twice: String @governed(action: "first") @governed(action: "second")
    node: Node
    nodes: [Node!]
    thing: Thing
    secret: Secret
    strict: String! @authenticated
    box: Box
    boxes: [Boxed!]
    holder: Holder
    mood: Mood
    pin: Pin
  }
  enum Mood @authenticated { GOOD BAD }
  scalar Pin @requiresScopes(scopes: [["pins"]])
  type Mutation { change: Payload }
  type Payload { ok: Boolean secret: Secret }
  input In { id: ID }
  interface Node { id: ID! label: String }
  interface Boxed { id: ID! sealed: String @governed(action: "box.open") }
  interface Holder @governed(action: "holder.see") { held: Int }
  type Box implements Boxed & Holder { id: ID! sealed: String held: Int }
  type Bag implements Boxed { id: ID! sealed: String }
  type Tray implements Holder @governed(action: "tray.see") { held: Int }
  union Thing = Plain | Secret
  type Plain implements Node @key(fields: "id") { id: ID! label: String @governed(action: "label.read") other: Plain }
  type Secret implements Node @key(fields: "id") @requiresScopes(scopes: [["secrets"]]) { id: ID! label: String code: String }
`;

function composedOf(sdl: string): Supergraph {
  const composed = composeServices([{ name: 'all', url: 'http://all.invalid', typeDefs: parse(sdl) }]);
  if (!composed.supergraphSdl) throw new Error(composed.errors!.map(String).join('\n'));
  return loadSupergraph(composed.supergraphSdl);
}
const supergraph = composedOf(SDL);

const USER: Principal = { id: 'ada', kind: 'USER', tenant: 'demo', roles: [], scopes: [], clearances: [], region: null };

/** Allows what `allowed` names as `action` or `action Type::"id"`. */
function engineOf(allowed: readonly string[]): PolicyEngine {
  return {
    resource: (_, type, id) => ({ type: type ?? 'Tenant', id: id ?? 'demo' }),
    decide: (_, action, { type, id }) => {
      const yes = allowed.includes(action) || allowed.includes(`${action} ${type}::"${id}"`);
      return {
        allowed: yes,
        rules: yes ? ['p'] : [],
        errors: [],
        policyVersion: 'v',
        reason: yes ? 'permitted by p' : 'no policy permits it',
      };
    },
  };
}

function govern(
  query: string,
  {
    principal = USER,
    allowed = [],
    variables = {},
    engine = engineOf(allowed),
  }: { principal?: Principal; allowed?: string[]; variables?: Record<string, unknown>; engine?: PolicyEngine } = {},
) {
  const recorded: RecordedDecision[] = [];
  const recorder = {
    record: (decisions: readonly RecordedDecision[]) => void recorded.push(...decisions),
    close: async () => undefined,
  };
  const document = parse(query);
  expect(validate(supergraph.apiSchema, document)).toEqual([]);
  const decide = createGovernance({ supergraph, engine, recorder, metrics: createMetrics(), clock: () => 0 });
  const governed = decide(document, variables, principal);
  governed.record(null);
  const denied = governed.denied.map(({ path, extensions }) => `${path!.join('.')} ${String(extensions!['code'])}`);
  // What is left must itself be a valid operation.
  expect(validate(supergraph.apiSchema, governed.document)).toEqual([]);
  return { ...governed, denied, recorded, text: print(governed.document).replace(/\s+/g, ' ') };
}

it('lets through, untouched, what nothing guards or everything allows', () => {
  const { document, denied, byPolicies, text } = govern('{ open }');
  expect([denied, byPolicies, text]).toEqual([[], false, '{ open }']);
  expect(document.definitions).toHaveLength(1);
  expect(govern('{ scoped }', { principal: { ...USER, scopes: ['root'] } }).denied).toEqual([]);
  expect(govern('{ scoped }', { principal: { ...USER, scopes: ['all', 'read'] } }).denied).toEqual([]);
});

it('asks anonymous callers who they are, and tells known ones what is missing', () => {
  const query = '{ open known scoped }';
  expect(govern(query, { principal: ANONYMOUS }).denied).toEqual(['known UNAUTHENTICATED', 'scoped UNAUTHENTICATED']);
  const known = govern(query, { principal: { ...USER, scopes: ['read'] } });
  expect([known.denied, known.text]).toEqual([['scoped FORBIDDEN'], '{ open known }']);
});

it('guards fields by the rules of the enum or scalar that they return', () => {
  expect(govern('{ open mood pin }', { principal: ANONYMOUS }).denied).toEqual(['mood UNAUTHENTICATED', 'pin UNAUTHENTICATED']);
  expect(govern('{ mood pin }').denied).toEqual(['pin FORBIDDEN']);
  expect(govern('{ pin }', { principal: { ...USER, scopes: ['pins'] } }).denied).toEqual([]);
});

it('refuses an operation whose root type the schema has not', () => {
  const decide = createGovernance({ supergraph, engine: engineOf([]), recorder: null, metrics: createMetrics(), clock: () => 0 });
  expect(() => decide(parse('subscription { x }'), {}, USER)).toThrow(
    expect.objectContaining({ code: 'GRAPHQL_VALIDATION_FAILED' }),
  );
});

it('cuts denied fields out under their own paths: aliases, named and inline fragments', () => {
  const query = `query ($x: Int, $y: Int) { open a: scoped(x: $x) ...F ... { c: scoped(x: $y) } } fragment F on Query { b: scoped known }`;
  const { denied, text } = govern(query);
  expect(denied).toEqual(['a FORBIDDEN', 'b FORBIDDEN', 'c FORBIDDEN']);
  expect(text).toBe('{ open ... on Query { known } ... { __typename } }');
});

it('says nothing of what @skip and @include leave out', () => {
  expect(
    govern('query ($no: Boolean!) { open scoped @include(if: $no) ... @skip(if: true) { scoped } }', { variables: { no: false } })
      .denied,
  ).toEqual([]);
  expect(govern('query ($no: Boolean!) { open scoped @include(if: $no) }', { variables: { no: true } }).denied).toEqual([
    'scoped FORBIDDEN',
  ]);
});

it('knows when nothing is left, and asks for __typename instead', () => {
  const { nothingLeft, text } = govern('{ scoped }');
  expect([nothingLeft, text]).toEqual([true, '{ __typename }']);
  expect(govern('{ open scoped }').nothingLeft).toBe(false);
});

it('takes the resource from the argument that the directive names, variables and literals alike', () => {
  const allowed = ['doc.read Doc::"7"'];
  const query =
    'query ($id: ID) { a: governed(input: { id: "7" }) b: governed(input: { id: $id }) c: governed(input: { id: "9" }) }';
  expect(govern(query, { allowed, variables: { id: '7' } }).denied).toEqual(['c FORBIDDEN']);
  expect(govern(query, { allowed, variables: { id: '8' } }).denied).toEqual(['b FORBIDDEN', 'c FORBIDDEN']);
});

it('nulls without a word where the directive says so', () => {
  const { denied, text } = govern('{ open quiet(id: 1) }');
  expect([denied, text]).toEqual([[], '{ open }']);
});

it('wants every @governed of a field, and one list of @policy', () => {
  expect(govern('{ twice }', { allowed: ['first'] }).denied).toEqual(['twice FORBIDDEN']);
  expect(govern('{ twice }', { allowed: ['first', 'second'] }).denied).toEqual([]);
  expect(govern('{ byPolicy }', { allowed: ['staff'] }).denied).toEqual(['byPolicy FORBIDDEN']);
  expect(govern('{ byPolicy }', { allowed: ['staff', 'on.duty'] }).denied).toEqual([]);
  expect(govern('{ byPolicy }', { allowed: ['vip'] }).denied).toEqual([]);
});

it('guards an implementer’s field and type also when they are reached through the interface or a union', () => {
  const secrets = { ...USER, scopes: ['secrets'] };
  expect(govern('{ node { id label } }', { principal: secrets }).denied).toEqual(['node.label FORBIDDEN']);
  expect(govern('{ node { id label } }', { principal: secrets, allowed: ['label.read'] }).denied).toEqual([]);
  // A node may be a secret, so it is not for everybody: composition hands the scopes of implementers on to the interface.
  expect(govern('{ nodes { id } }').denied).toEqual(['nodes FORBIDDEN']);
  const union = govern('{ thing { __typename ... on Plain { id } ... on Secret { code } } }');
  expect([union.denied, union.text]).toEqual([['thing FORBIDDEN'], '{ thing { __typename ... on Plain { id } } }']);
  expect(govern('{ node { ... on Secret { code } } }').denied).toEqual(['node FORBIDDEN']);
});

it('guards what an interface guards also where it is reached through an object that implements it', () => {
  const allowed = ['holder.see'];
  expect(govern('{ box { sealed } }', { allowed }).denied).toEqual(['box.sealed FORBIDDEN']);
  expect(govern('{ boxes { ... on Box { sealed } } }', { allowed }).denied).toEqual(['boxes.sealed FORBIDDEN']);
  expect(govern('{ boxes { ... on Bag { sealed } id } }').denied).toEqual(['boxes.sealed FORBIDDEN', 'boxes.id FORBIDDEN']);
  expect(govern('{ box { held } }').denied).toEqual(['box FORBIDDEN']);
  expect(govern('{ boxes { ... on Box { id } } }').denied).toEqual(['boxes FORBIDDEN']);
  expect(govern('{ boxes { ... on Holder { held } } }').denied).toEqual(['boxes FORBIDDEN']);
  expect(govern('{ box { ... on Holder { held } id } }', { allowed }).denied).toEqual([]);
});

it('asks once for a rule on the way to a field, and of no type that an object cannot be', () => {
  const { denied, recorded } = govern('{ holder { ... on Box { held sealed } } box { held ... on Holder { held } } }', {
    allowed: ['holder.see', 'box.open'],
  });
  expect(denied).toEqual([]);
  expect(recorded.map(({ action, field }) => `${action} ${field}`)).toEqual([
    'holder.see Query.holder',
    'box.open Box.sealed',
    'holder.see Query.box',
  ]);
  expect(govern('{ holder { held } }', { allowed: ['holder.see'] }).denied).toEqual(['holder.held FORBIDDEN']);
});

it('guards a root type as any other type', () => {
  const guarded = composedOf(SDL.replace('type Mutation {', 'type Mutation @governed(action: "write") {'));
  const decide = createGovernance({
    supergraph: guarded,
    engine: engineOf([]),
    recorder: null,
    metrics: createMetrics(),
    clock: () => 0,
  });
  expect(decide(parse('mutation { change { ok } }'), {}, USER).nothingLeft).toBe(true);
  expect(decide(parse('{ open }'), {}, USER).denied).toEqual([]);
});

it('guards a type wherever it is returned, in payloads of mutations too, and reports it once', () => {
  expect(govern('{ secret { id code } }').denied).toEqual(['secret FORBIDDEN']);
  const { denied, text } = govern('mutation { change { ok secret { code } } }');
  expect([denied, text]).toEqual([['change.secret FORBIDDEN'], 'mutation { change { ok } }']);
});

it('denies when the policies are broken or not there', () => {
  const broken: PolicyEngine = {
    ...engineOf([]),
    decide: () => ({ allowed: false, rules: [], errors: ['broken'], policyVersion: 'v', reason: 'it could not be decided' }),
  };
  expect(govern('{ twice }', { engine: broken }).denied).toEqual(['twice FORBIDDEN']);
  expect(govern('{ twice }', { engine: createPolicyEngine(null) }).denied).toEqual(['twice FORBIDDEN']);
});

it('puts on record who asked for what, and what was decided', () => {
  const { recorded } = govern('{ a: governed(input: { id: "7" }) b: governed(input: { id: "8" }) known }', {
    allowed: ['doc.read Doc::"7"'],
  });
  expect(recorded).toMatchObject([
    {
      principal: 'User::"ada"',
      action: 'doc.read',
      resource: 'Doc::"7"',
      outcome: 'ALLOW',
      rules: ['p'],
      field: 'Query.governed',
      tenant: 'demo',
    },
    { resource: 'Doc::"8"', outcome: 'DENY', reason: 'no policy permits it' },
  ]);
});

it('decides anew for each caller on one document', () => {
  const document = parse('{ open scoped }');
  const decide = createGovernance({ supergraph, engine: engineOf([]), recorder: null, metrics: createMetrics(), clock: () => 0 });
  const root = { ...USER, scopes: ['root'] };
  for (let round = 0; round < 3; round++) {
    expect(decide(document, {}, USER).denied).toHaveLength(1);
    expect(decide(document, {}, root).denied).toHaveLength(0);
    expect(decide(document, {}, root).document).toBe(document);
    expect(decide(document, {}, USER).document).toBe(decide(document, {}, USER).document);
  }
});
