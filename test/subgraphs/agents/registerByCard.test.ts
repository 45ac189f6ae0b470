import { TaskState } from '@a2a-js/sdk';
import { afterEach, expect, it } from 'vitest';
import { agentsSubgraph } from '../../../subgraphs/agents/server.js';
import { parseEgressRules } from '../../../subgraphs/shared/egressRules.js';
import { a2aServer, cardOf, text } from '../../support/a2aServer.js';
import { openSubgraph } from '../../support/openSubgraph.js';
import { json, serveEndpoint } from '../../support/serveEndpoint.js';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0).toReversed()) await each.close();
});

interface Registered {
  agentRegister: {
    agent: { endpoint: string; description: string; skills: { id: string; taskClasses: string[] }[] } | null;
    userErrors: { code: string; path: string[]; message: string }[];
  };
}

const REGISTER = `mutation ($input: AgentRegisterInput!) { agentRegister(input: $input) {
  agent { endpoint description skills { id taskClasses } } userErrors { code path message } } }`;

it('registers an A2A agent by its card, and refuses what the card or the input cannot be', async () => {
  const endpoint = await serveEndpoint(() => undefined);
  opened.push(endpoint);
  const end = { state: TaskState.TASK_STATE_COMPLETED, parts: [text('Four.')] };
  endpoint.behave(a2aServer(() => cardOf(endpoint.url), end));
  const agents = await openSubgraph(agentsSubgraph, undefined, { egressAllow: parseEgressRules(endpoint.host) });
  opened.push(agents);
  const agentCardUrl = `${endpoint.url}/.well-known/agent-card.json`;
  const register = async (input: object) =>
    (await agents.ask<Registered>(REGISTER, { input: { name: 'Adder', transport: 'A2A', skills: [], ...input } })).agentRegister;

  expect(await register({ id: 'adder', agentCardUrl })).toEqual({
    agent: {
      endpoint: agentCardUrl,
      description: 'Adds.',
      skills: [
        { id: 'sums', taskClasses: ['math.arithmetic', 'math.words'] },
        { id: 'docs.question', taskClasses: ['docs.question'] },
      ],
    },
    userErrors: [],
  });
  const own = { description: 'Mine.', skills: [{ id: 's', name: 'S', taskClasses: ['x'] }] };
  expect((await register({ ...own, agentCardUrl })).agent).toMatchObject({
    description: 'Mine.',
    skills: [{ id: 's', taskClasses: ['x'] }],
  });

  const refused = async (input: object) => {
    const { agent, userErrors } = await register(input);
    expect(agent).toBeNull();
    return [userErrors[0]!.path.at(-1), userErrors[0]!.message];
  };
  expect(await refused({ agentCardUrl, transport: 'HTTP' })).toEqual(['agentCardUrl', expect.stringContaining('A2A')]);
  expect(await refused({ agentCardUrl, endpoint: 'http://else.example' })).toEqual([
    'agentCardUrl',
    expect.stringContaining('one of'),
  ]);
  expect(await refused({})).toEqual(['endpoint', expect.stringContaining('AgentCard')]);
  expect(await refused({ transport: 'HTTP' })).toEqual(['endpoint', expect.stringContaining('HTTP')]);
  expect(await refused({ transport: 'HTTP', endpoint: 'ftp://x.example' })).toEqual(['endpoint', expect.any(String)]);
  const forbidden = 'http://10.1.2.3/card';
  expect(await refused({ agentCardUrl: forbidden })).toEqual(['agentCardUrl', expect.stringContaining('MESH_EGRESS_ALLOW')]);
  for (const [status, body] of [
    [404, {}],
    [200, { hello: 'world' }],
    [200, 'no card'],
  ] as const) {
    endpoint.behave(json(status, body));
    expect(await refused({ agentCardUrl })).toEqual(['agentCardUrl', expect.any(String)]);
  }
});
