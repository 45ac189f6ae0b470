import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildCedarSet } from '../../../subgraphs/shared/cedar/buildCedarSet.js';
import { cedarPrincipal, formatCedarEntity, parseCedarEntity } from '../../../subgraphs/shared/cedar/cedarEntities.js';
import { cedarStatements } from '../../../subgraphs/shared/cedar/cedarStatements.js';
import { checkCedarPolicy } from '../../../subgraphs/shared/cedar/checkCedarPolicy.js';
import { decideCedar, type CedarRequest } from '../../../subgraphs/shared/cedar/decideCedar.js';
import { ANONYMOUS, principalEntity, type Principal } from '../../../subgraphs/shared/principal.js';
import type { PolicyRecord } from '../../../subgraphs/shared/snapshot.js';

const PERMIT_ALL = 'permit (principal, action, resource);';

function policies(texts: Record<string, string>): PolicyRecord[] {
  return Object.entries(texts).map(([id, cedar]) => ({ id, cedar, tenant: 'demo', enabled: true, version: 1 }));
}

const ada: Principal = { ...ANONYMOUS, id: 'ada', kind: 'USER', tenant: 'demo', roles: ['analyst'], scopes: ['tasks.run'] };
const request: CedarRequest = { principal: cedarPrincipal(ada), action: 'task.run', resource: { type: 'Agent', id: 'a1' } };

function decide(texts: Record<string, string>, changes: Partial<CedarRequest> = {}) {
  return decideCedar(buildCedarSet(policies(texts)), { ...request, ...changes });
}

describe('checking a policy text', () => {
  it.each<[string, string, { line: number; column: number; message: RegExp; hint: RegExp | null }[]]>([
    [
      'names an unknown variable',
      'permit (principal, action, resource)\nwhen { foo };',
      [{ line: 2, column: 8, message: /invalid variable: foo/, hint: /valid Cedar variables/ }],
    ],
    [
      'counts characters and not bytes',
      '// héé 😀\npermit (principal == User::"é😀", acton, resource);',
      [{ line: 2, column: 34, message: /acton/, hint: /in that order/ }],
    ],
    [
      'reports every problem, in order',
      'permit (principal, acton, resource);\n\npermit (princpal, action, resource);',
      [
        { line: 1, column: 20, message: /acton/, hint: /./ },
        { line: 3, column: 9, message: /princpal/, hint: /./ },
      ],
    ],
    [
      'points behind the end',
      'permit (principal, action, resource)',
      [{ line: 1, column: 37, message: /end of input/, hint: /expected `;`/ }],
    ],
    [
      'suggests ==',
      `${PERMIT_ALL}\r\n${PERMIT_ALL.slice(0, -1)} when { principal.x = 1 };`,
      [{ line: 2, column: 45, message: /not a valid operator/, hint: /==/ }],
    ],
    [
      'refuses a template where it stands',
      `${PERMIT_ALL}\n  permit (principal == ?principal, action, resource);`,
      [{ line: 2, column: 3, message: /template/, hint: /in place of/ }],
    ],
    ['refuses a text without statements', '// nothing\n', [{ line: 1, column: 1, message: /no statement/, hint: /permit/ }]],
    [
      'refuses more statements than 100',
      PERMIT_ALL.repeat(101),
      [{ line: 1, column: 1, message: /101 statements/, hint: /split/ }],
    ],
  ])('%s', (_, text, expected) => {
    expect(checkCedarPolicy(text)).toEqual(
      expected.map(({ line, column, message, hint }) => ({
        line,
        column,
        message: expect.stringMatching(message) as unknown,
        hint: hint === null ? null : (expect.stringMatching(hint) as unknown),
      })),
    );
  });

  it('finds nothing wrong with several good statements', () => {
    expect(checkCedarPolicy(`${PERMIT_ALL}\n@note("x")\nforbid (principal, action == Action::"a.b", resource);`)).toEqual([]);
  });

  it('keeps statements in the order of the text, past ten as well', () => {
    const text = Array.from({ length: 12 }, (_, i) => `permit (principal == User::"u${i}", action, resource);`).join('\n');
    expect(cedarStatements(text).map((statement) => /u\d+/.exec(statement.text)![0])).toEqual(
      Array.from({ length: 12 }, (_, i) => `u${i}`),
    );
  });
});

describe('deciding', () => {
  it('denies when nothing permits', () => {
    expect(decide({})).toEqual({ allowed: false, rules: [], errors: [] });
  });

  it('lets a forbid win over every permit and names the rules that decided', () => {
    const forbid = 'forbid (principal, action, resource) when { principal.roles.contains("analyst") };';
    expect(decide({ b: PERMIT_ALL, a: PERMIT_ALL })).toEqual({ allowed: true, rules: ['a', 'b'], errors: [] });
    expect(decide({ b: PERMIT_ALL, a: PERMIT_ALL, no: forbid })).toEqual({ allowed: false, rules: ['no'], errors: [] });
  });

  it('names the statement of a policy that holds several', () => {
    const both = `forbid (principal, action == Action::"agent.write", resource);\n${PERMIT_ALL}`;
    expect(decide({ p: both })).toMatchObject({ allowed: true, rules: ['p#1'] });
    expect(decide({ p: both }, { action: 'agent.write' })).toMatchObject({ allowed: false, rules: ['p#0'] });
  });

  it('applies a policy to the actions that it names, and one that names none to all', () => {
    const some = 'permit (principal, action in [Action::"task.run", Action::"model.invoke"], resource);';
    const none = 'forbid (principal, action, resource) when { context has stop };';
    expect(decide({ some, none }).allowed).toBe(true);
    expect(decide({ some, none }, { action: 'model.invoke' }).allowed).toBe(true);
    expect(decide({ some, none }, { action: 'policy.write' }).allowed).toBe(false);
    expect(decide({ some, none }, { context: { stop: true } })).toMatchObject({ allowed: false, rules: ['none'] });
  });

  it('ignores disabled policies', () => {
    const [record] = policies({ a: PERMIT_ALL });
    expect(decideCedar(buildCedarSet([{ ...record!, enabled: false }]), request).allowed).toBe(false);
  });

  it('denies when a forbid cannot be evaluated, but not when a permit cannot', () => {
    const broken = 'forbid (principal, action, resource) when { resource.secret };';
    expect(decide({ all: PERMIT_ALL, broken })).toEqual({
      allowed: false,
      rules: ['broken'],
      errors: [expect.stringContaining('broken: ')],
    });
    expect(decide({ all: PERMIT_ALL, odd: broken.replace('forbid', 'permit') })).toMatchObject({ allowed: true, rules: ['all'] });
  });

  it('denies everything while one policy does not parse or two have one name', () => {
    expect(decide({ all: PERMIT_ALL, bad: 'forbid (' })).toMatchObject({
      allowed: false,
      errors: [expect.stringContaining('bad')],
    });
    const twice = buildCedarSet([...policies({ a: PERMIT_ALL }), ...policies({ a: PERMIT_ALL })]);
    expect(decideCedar(twice, request).allowed).toBe(false);
  });

  it.each([
    ['a type that is none', { principal: { type: 'no type', id: 'x' } }],
    ['an id that is not text', { principal: { type: 'User', id: '\ud800' } }],
    ['a fraction that Cedar cannot hold', { context: { score: 0.123456 } }],
    ['a value that is not data', { context: { f: () => 1 } }],
  ])('denies, with the reason, a request with %s', (_, changes) => {
    const decision = decide({ all: PERMIT_ALL }, changes);
    expect(decision).toMatchObject({ allowed: false, rules: [] });
    expect(decision.errors).toHaveLength(1);
  });

  it('shows policies the principal, the resource and the context, with nulls left out', () => {
    const text = `permit (principal, action, resource) when {
      principal.kind == "USER" && principal.tenant == "demo" && !(principal has region) && principal.scopes.contains("tasks.run") &&
      resource.tags.contains("x") && !(resource has owner) && context.score == decimal("0.5") && context.nested.n == 3 };`;
    const resource = { type: 'Agent', id: 'a1', attributes: { tags: ['x', null], owner: null } };
    expect(decide({ text }, { resource, context: { score: 0.5, nested: { n: 3, none: undefined } } })).toMatchObject({
      allowed: true,
    });
  });

  it('knows an agent that acts on itself as one entity', () => {
    const agent = { type: 'Agent', id: 'a1', attributes: { roles: ['agent'] } };
    const text =
      'permit (principal, action, resource) when { principal == resource && resource.tier == "EXPERT" && principal.roles.contains("agent") };';
    expect(decide({ text }, { principal: agent, resource: { ...agent, attributes: { tier: 'EXPERT' } } }).allowed).toBe(true);
  });

  it('keeps deciding right when more sets are in use than the engine is let hold', () => {
    const sets = Array.from({ length: 700 }, (_, i) =>
      buildCedarSet(policies({ p: `permit (principal, action, resource == Agent::"a${i}");` })),
    );
    for (let round = 0; round < 2; round++) {
      sets.forEach((set, i) => {
        expect(decideCedar(set, { ...request, resource: { type: 'Agent', id: `a${i}` } }).allowed).toBe(true);
        expect(decideCedar(set, { ...request, resource: { type: 'Agent', id: `a${i + 1}` } }).allowed).toBe(false);
      });
    }
  });

  it('agrees with a model of deny-wins for any mix of policies', () => {
    const policy = fc.record({
      effect: fc.constantFrom('permit', 'forbid'),
      action: fc.constantFrom(null, 'task.run', 'model.invoke'),
      user: fc.constantFrom(null, 'ada', 'bob'),
    });
    fc.assert(
      fc.property(fc.array(policy, { maxLength: 6 }), fc.constantFrom('task.run', 'model.invoke', 'x.y'), (mix, action) => {
        const texts = mix.map(
          ({ effect, action, user }) =>
            `${effect} (principal${user ? ` == User::"${user}"` : ''}, action${action ? ` == Action::"${action}"` : ''}, resource);`,
        );
        const matching = mix
          .map((policy, index) => ({ ...policy, id: `p${index}` }))
          .filter((policy) => (policy.action ?? action) === action && (policy.user ?? 'ada') === 'ada');
        const forbids = matching.filter(({ effect }) => effect === 'forbid').map(({ id }) => id);
        const permits = matching.filter(({ effect }) => effect === 'permit').map(({ id }) => id);
        expect(decide(Object.fromEntries(texts.map((text, index) => [`p${index}`, text])), { action })).toEqual({
          allowed: forbids.length === 0 && permits.length > 0,
          rules: forbids.length > 0 ? forbids : permits,
          errors: [],
        });
      }),
      { numRuns: 200 },
    );
  });
});

it('reads the entities that it writes, whatever their ids', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (id) => {
      expect(parseCedarEntity(principalEntity({ ...ada, id }))).toEqual({ type: 'User', id });
      expect(parseCedarEntity(formatCedarEntity({ type: 'NS::Thing', id }))).toEqual({ type: 'NS::Thing', id });
    }),
  );
  for (const text of ['ada', 'User::ada', 'User::"a" || true', '::"a"', 'User::"\\q"', 'User::"a"b"']) {
    expect(parseCedarEntity(text)).toBeUndefined();
  }
});
