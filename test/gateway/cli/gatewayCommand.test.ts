import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { gatewayCommand } from '../../../gateway/cli/gatewayCommand.js';
import { readSubgraphUrls } from '../../../gateway/cli/readSubgraphUrls.js';

it('does not choose between a supergraph and a composition', async () => {
  await expect(gatewayCommand({ supergraph: 'a.graphql', compose: 'b.yaml' })).rejects.toMatchObject({
    code: 'INVALID_CONFIGURATION',
    message: expect.stringMatching(/--supergraph and --compose/) as string,
  });
});

it('names the subgraphs that the configuration speaks of in vain, before anything is opened', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mesh-gateway-'));
  const file = join(folder, 'subgraphs.yaml');
  writeFileSync(
    file,
    'subgraphs: { agent: { timeoutMs: 5 }, agents: { headers: [{ propagate: x-team }] }, models: { timeoutMs: 5 } }',
  );
  vi.stubEnv('MESH_SUBGRAPHS_CONFIG', file);
  try {
    await expect(gatewayCommand({})).rejects.toMatchObject({
      code: 'INVALID_CONFIGURATION',
      message: expect.stringMatching(
        /^MESH_SUBGRAPHS_CONFIG: subgraphs\.agent: [^\n]* it has agents, [^\n]*\nMESH_SUBGRAPHS_CONFIG: subgraphs\.agents\.headers: [^\n]*$/,
      ) as string,
    });
  } finally {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  }
});

describe('where a subgraph is', () => {
  it.each([
    ['agents=http://127.0.0.1:4001/graphql', 'http://127.0.0.1:4001/graphql'],
    ['agents=http://127.0.0.1:4001', 'http://127.0.0.1:4001/graphql'],
    ['agents=https://example.com/', 'https://example.com/'],
    ['agents=http://[::1]:4001', 'http://[::1]:4001/graphql'],
    ['agents=http://host/a?b=c', 'http://host/a?b=c'],
  ])('%s', (given, url) => {
    expect(readSubgraphUrls([given])).toEqual(new Map([['agents', url]]));
  });

  it.each(['agents', 'agents=', '=http://a', 'agents=ftp://a', 'agents=127.0.0.1:4001'])('is not said by "%s"', (given) => {
    expect(() => readSubgraphUrls([given])).toThrow(expect.objectContaining({ code: 'INVALID_CONFIGURATION' }));
  });
});
