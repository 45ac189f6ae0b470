import { serveDaprAgent } from '../../subgraphs/agents/dapr/serveDaprAgent.js';
import { readConfig } from '../config/readConfig.js';
import { MeshError } from '../errors.js';
import { createLogger } from '../telemetry/createLogger.js';
import { liveUntilStopped } from './lifetime.js';

export interface DaprAgentFlags {
  readonly builtin: string;
  readonly port: string;
}

/** `mesh dapr-agent`: a built-in agent as a Dapr app, for daprd to stand before. */
export async function daprAgentCommand({ builtin, port }: DaprAgentFlags): Promise<void> {
  const { outbound, gateway } = readConfig(process.env, { port });
  const sidecar = outbound.dapr;
  if (!sidecar)
    throw new MeshError('INVALID_CONFIGURATION', 'mesh dapr-agent needs DAPR_HTTP_PORT or DAPR_HTTP_ENDPOINT: its sidecar.');
  if (gateway.port === 0)
    throw new MeshError('INVALID_CONFIGURATION', 'The port must be the one that daprd is told (--app-port).');
  const log = createLogger();
  await liveUntilStopped(log, async (lifetime) => {
    const options = { builtin, port: gateway.port, sidecar, appToken: sidecar.appToken, clock: Date.now, log };
    await lifetime.open(
      () => serveDaprAgent(options),
      (opened) => opened.close(),
    );
    process.stdout.write(`The agent ${builtin} is ready behind its Dapr sidecar at ${sidecar.url}\n`);
  });
}
