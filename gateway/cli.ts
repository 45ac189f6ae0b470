#!/usr/bin/env node
import { Command } from 'commander';
import type { ConfigFlags } from './config/readConfig.js';
import type { ApplyOptions } from './cli/applyCommand.js';
import type { CostsExportOptions } from './cli/costsExportCommand.js';
import type { DaprAgentFlags } from './cli/daprAgentCommand.js';
import { errorTable } from './cli/errorTable.js';
import { exitWithError } from './cli/exitWithError.js';
import type { PlanOptions } from './cli/planCommand.js';
import type { GatewayFlags } from './cli/gatewayCommand.js';
import type { ReplayFlags } from './cli/replayCommand.js';
import type { TrafficFlags } from './cli/trafficCommand.js';

// Each command loads what it needs alone: all of it takes a second and 150 MB.
const program = new Command('mesh').description('One federated GraphQL endpoint for a fleet of AI agents').showHelpAfterError();

program
  .command('start')
  .description('the whole mesh in one process')
  .option('--port <port>', 'the port to listen on (PORT)')
  .option('--host <host>', 'the address to listen on (HOST)')
  .action(async (flags: ConfigFlags) => (await import('./cli/startCommand.js')).startCommand(flags));

program
  .command('gateway')
  .description('a gateway alone, in front of subgraphs that run elsewhere')
  .option(
    '--supergraph <file>',
    'any Federation 2 supergraph instead of the mesh; followed while it changes, SIGHUP has it read at once',
  )
  .option('--compose <file>', 'compose from the live subgraphs that the file names, and follow their changes')
  .option('--subgraph-url <name=url...>', 'where a subgraph is, if not where the supergraph says')
  .option('--port <port>', 'the port to listen on (PORT)')
  .option('--host <host>', 'the address to listen on (HOST)')
  .option('--workers <number>', 'processes that serve together; auto: one for each core', '1')
  .action(async (flags: GatewayFlags) => (await import('./cli/gatewayCommand.js')).gatewayCommand(flags));

program.command('gateway-worker', { hidden: true }).action(async () => (await import('./cli/workerCommand.js')).workerCommand());

program
  .command('subgraph')
  .description('one subgraph alone')
  .argument('<name>', 'agents, models, evaluations, costs or policies')
  .option('--port <port>', 'the port to listen on (4001 to 4005)')
  .option('--host <host>', 'the address to listen on (HOST)')
  .action(async (name: string, flags: ConfigFlags) => (await import('./cli/subgraphCommand.js')).subgraphCommand(name, flags));

program
  .command('compose')
  .description('compose schema/*.graphql into schema/supergraph.graphql, after checking the rules for subgraphs')
  .option('--check', 'only check that it is fresh')
  .action(async ({ check }: { check?: boolean }) => {
    const { checkOwnSupergraph, writeOwnSupergraph } = await import('./compose/supergraphFile.js');
    if (check) checkOwnSupergraph();
    const done = !check && writeOwnSupergraph() ? 'schema/supergraph.graphql is written' : 'schema/supergraph.graphql is fresh';
    process.stdout.write(`${done}\n`);
  });

program
  .command('plan')
  .description('print the plan of an operation')
  .argument('<file>', 'a file with the operation')
  .option('--supergraph <file>', 'another supergraph than the own one')
  .option('--operation <name>', 'which one, when the file holds several')
  .option('--label <names...>', 'labels of @override that hold, percent(n) among them')
  .option('--defer', 'keep @defer, as for a client that takes its answer in parts')
  .option('--variables <json>', 'for the estimated cost')
  .action(async (file: string, options: PlanOptions) => (await import('./cli/planCommand.js')).planCommand(file, options));

program
  .command('apply')
  .description('bring the mesh in line with a mesh file')
  .argument('<file>', 'for example deploy/demo/mesh.yaml')
  .option('--dry-run', 'only show what would change')
  .option(
    '--url <url>',
    'the gateway (MESH_URL); the token is taken from MESH_TOKEN',
    process.env['MESH_URL'] ?? 'http://127.0.0.1:4000',
  )
  .action(async (file: string, options: ApplyOptions) =>
    (await import('./cli/applyCommand.js')).applyCommand(file, { ...options, ...tokenFromEnvironment() }),
  );

program
  .command('costs')
  .description('what work has cost')
  .command('export')
  .description('the ledger as rows of FOCUS 1.2 (FinOps Open Cost and Usage Specification)')
  .option('--from <moment>', 'entries at or after this day or moment (UTC)')
  .option('--to <moment>', 'entries before this day or moment (UTC)')
  .option('--format <format>', 'csv or json', 'csv')
  .option(
    '--url <url>',
    'the gateway (MESH_URL); the token is taken from MESH_TOKEN',
    process.env['MESH_URL'] ?? 'http://127.0.0.1:4000',
  )
  .action(async (options: CostsExportOptions) =>
    (await import('./cli/costsExportCommand.js')).costsExportCommand({ ...options, ...tokenFromEnvironment() }),
  );

program
  .command('traffic')
  .description('send a believable mix of questions to a running mesh, so that it can be watched')
  .option('--rate <number>', 'questions a second; now and then there are bursts of four times as many', '5')
  .option('--duration <seconds>', 'how long; until Ctrl-C when it is left out')
  .option('--seed <number>', 'the same seed sends the same questions')
  .option(
    '--url <url>',
    'the gateway (MESH_URL); the token is taken from MESH_TOKEN',
    process.env['MESH_URL'] ?? 'http://127.0.0.1:4000',
  )
  .action(async (flags: TrafficFlags) =>
    (await import('./cli/trafficCommand.js')).trafficCommand({ ...flags, ...tokenFromEnvironment() }),
  );

program
  .command('watch')
  .description('watch a running mesh in the terminal: what each agent does, and what happens')
  .option(
    '--url <url>',
    'the gateway (MESH_URL); the token is taken from MESH_TOKEN',
    process.env['MESH_URL'] ?? 'http://127.0.0.1:4000',
  )
  .action(async (flags: { url: string }) =>
    (await import('./cli/watchCommand.js')).watchCommand({ ...flags, ...tokenFromEnvironment() }),
  );

program
  .command('replay')
  .description('send recorded prompts through the mesh, and compare its choice of models with always, random and oracle')
  .requiredOption('--data <file>', 'JSON lines: {id, taskClass, prompt, gold?, answers: {model: {text, correct}}}')
  .option('--limit <number>', 'only so many prompts')
  .option('--min-quality <quality>', 'the least expected quality of every answer, 0 to 1')
  .option('--price <model=input/output...>', 'USD per million tokens of a recorded model')
  .option('--url <url>', 'a mesh that runs already; without it the replay has one of its own')
  .action(async (flags: ReplayFlags) =>
    (await import('./cli/replayCommand.js')).replayCommand({ ...flags, ...tokenFromEnvironment() }),
  );

program
  .command('dapr-agent')
  .description('a built-in agent as an app beside a Dapr sidecar (DAPR_HTTP_PORT)')
  .option('--builtin <endpoint>', 'which one, by its endpoint', 'builtin:arithmetic')
  .requiredOption('--port <port>', 'the port that daprd was told (--app-port)')
  // The SDK takes a third of a second to load, which no other command should wait for.
  .action(async (flags: DaprAgentFlags) => (await import('./cli/daprAgentCommand.js')).daprAgentCommand(flags));

program
  .command('errors')
  .description('print every error code')
  .action(() => void process.stdout.write(`${errorTable()}\n`));

await program.parseAsync().catch(exitWithError);

/** Never a flag: the arguments of a process are visible to everybody on the machine. */
function tokenFromEnvironment(): { token?: string } {
  const token = process.env['MESH_TOKEN'];
  return token ? { token } : {};
}
