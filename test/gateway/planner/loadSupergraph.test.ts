import { composeServices } from '@apollo/composition';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { loadSupergraph } from '../../../gateway/planner/loadSupergraph.js';
import { packageRoot } from '../../../subgraphs/shared/packageRoot.js';
import { shopSdl } from '../../support/shop.js';

function compose(sources: Readonly<Record<string, string>>): string {
  const composed = composeServices(
    Object.entries(sources).map(([name, text]) => ({ name, url: `http://${name}.invalid`, typeDefs: parse(text) })),
  );
  if (!composed.supergraphSdl) throw new Error(composed.errors!.map(String).join('\n'));
  return composed.supergraphSdl;
}

const mesh = (directive: string, use: string, field = 'a: Int') =>
  compose({
    one: `extend schema
      @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key", "@composeDirective"])
      @link(url: "https://agent-mesh.dev/mesh/v1.0", import: ["@${/@(\w+)/.exec(directive)![1]!}"])
      @composeDirective(name: "@${/@(\w+)/.exec(directive)![1]!}")
    directive ${directive}
    type Query { ${field} t: T }
    type T { x: Int ${use} }`,
  });
const GOVERNED = '@governed(action: String!, when: String = "REQUEST", onDeny: String = "ERROR") repeatable on FIELD_DEFINITION';

describe('a supergraph', () => {
  const supergraph = loadSupergraph(readFileSync(join(packageRoot, 'schema/supergraph.graphql'), 'utf8'));

  it('knows its subgraphs, and that it is the mesh', () => {
    expect([...supergraph.subgraphs.keys()].toSorted()).toEqual([
      'agents',
      'costs',
      'evaluations',
      'events',
      'models',
      'policies',
    ]);
    expect(supergraph.isMesh).toBe(true);
    expect(loadSupergraph(compose(shopSdl)).isMesh).toBe(false);
  });

  it('tells the directives of types and fields under the names of their specifications, with defaults', () => {
    expect(supergraph.directivesOn('Query', 'ask').map(({ name }) => name)).toContain('costRouted');
    const governed = loadSupergraph(mesh(GOVERNED, '@governed(action: "x.read") @governed(action: "y.read")'));
    expect(governed.directivesOn('T', 'x').filter(({ name }) => name === 'governed')).toEqual([
      { name: 'governed', args: { action: 'x.read', when: 'REQUEST', onDeny: 'ERROR' } },
      { name: 'governed', args: { action: 'y.read', when: 'REQUEST', onDeny: 'ERROR' } },
    ]);
    expect(governed.directivesOn('T', 'nothing')).toEqual([]);
    expect(governed.directivesOn('Nothing')).toEqual([]);
  });

  it('shows clients nothing of how it is joined and of what is hidden', () => {
    const { apiSchema } = supergraph;
    expect(Object.keys(apiSchema.getTypeMap()).filter((name) => /^(join|link|_)/.test(name) && !name.startsWith('__'))).toEqual(
      [],
    );
    const { ask } = apiSchema.getQueryType()!.getFields();
    expect(ask!.args.map(({ name }) => name)).toEqual(['input']);
  });

  it('changes its version with its text', () => {
    const text = compose(shopSdl);
    expect(loadSupergraph(text).version).toBe(loadSupergraph(text).version);
    expect(loadSupergraph(`${text}\n# more`).version).not.toBe(loadSupergraph(text).version);
  });
});

describe('is refused', () => {
  it.each([
    ['masks', mesh('@sensitive(mask: String) on FIELD_DEFINITION', '@sensitive(mask: "HASH")'), '@sensitive on T.x'],
    ['decisions on results', mesh(GOVERNED, '@governed(action: "x", when: "RESULT")'), 'when: "RESULT"'],
    ['denials that mask', mesh(GOVERNED, '@governed(action: "x", onDeny: "MASK")'), 'onDeny: "MASK"'],
    [
      'routing below the root',
      mesh('@costRouted(input: String) on FIELD_DEFINITION', '@costRouted(input: "i")'),
      'not a root field',
    ],
    [
      'ways of overflowing',
      mesh(
        '@eventStream(topic: String!, overflow: String = "GAP") on FIELD_DEFINITION',
        '@eventStream(topic: "t", overflow: "DROP")',
      ),
      'overflow: "DROP"',
    ],
    ['directives of the mesh that nobody knows', mesh('@quarantined on FIELD_DEFINITION', '@quarantined'), '@quarantined on T.x'],
  ])('what it cannot enforce: %s', (_, sdl, what) => {
    expect(() => loadSupergraph(sdl)).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED_DIRECTIVE', message: expect.stringContaining(what) }),
    );
  });

  it.each([
    ['https://example.com/policy/v0.1', 'SECURITY'],
    ['https://specs.apollo.dev/connect/v0.1', 'EXECUTION'],
  ])('the feature %s, which it does not have', (url, purpose) => {
    const sdl = compose(shopSdl).replace('schema\n', `schema\n  @link(url: "${url}", as: "extra", for: ${purpose})\n`);
    expect(() => loadSupergraph(sdl)).toThrow(
      expect.objectContaining({
        code: 'UNSUPPORTED_DIRECTIVE',
        message: expect.stringContaining(`the feature ${url} (for: ${purpose})`),
      }),
    );
  });

  it('what is not GraphQL, with the place', () => {
    expect(() => loadSupergraph('type Query {\n  a: }')).toThrow(
      expect.objectContaining({
        code: 'INVALID_SUPERGRAPH',
        message: 'The supergraph cannot be loaded: Syntax Error: Expected Name, found "}" (line 2, column 6). Compose it again.',
      }),
    );
  });

  it.each(['', 'type Query {', 'type Query { a: Int }', compose(shopSdl).replace('enum join__Graph', 'enum other')])(
    'what does not hold together',
    (sdl) => {
      expect(() => loadSupergraph(sdl)).toThrow(expect.objectContaining({ code: 'INVALID_SUPERGRAPH' }));
    },
  );
});
