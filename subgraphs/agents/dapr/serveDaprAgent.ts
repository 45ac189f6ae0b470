import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { CommunicationProtocolEnum, DaprServer } from '@dapr/dapr';
import type { Logger } from 'pino';
import { MeshError } from '../../shared/errors.js';
import type { DaprConfig } from '../transports/daprSidecar.js';
import { answerAsBuiltin, DaprRequest } from './answerAsBuiltin.js';
import { meshAgentActor } from './meshAgentActor.js';

export interface DaprAgentOptions {
  /** `builtin:arithmetic` and the like. */
  readonly builtin: string;
  /** The port that the sidecar was told (`--app-port`). */
  readonly port: number;
  readonly sidecar: DaprConfig;
  /** APP_API_TOKEN: what the sidecar shows with every call. Null: nothing is asked of it. */
  readonly appToken: string | null;
  readonly clock: () => number;
  readonly log: Logger;
}

const MAX_BODY_MB = 2;

/**
 * An app beside a Dapr sidecar: the method `answer` for service invocation, which remembers nothing, and the actor type MeshAgent,
 * which does. One in a process: the SDK keeps its actors in a global. Rejects with PORT_IN_USE, and with DAPR_UNREACHABLE when no
 * sidecar has come up after a while.
 */
export async function serveDaprAgent(options: DaprAgentOptions): Promise<{ close(): Promise<void> }> {
  const { builtin, port, sidecar, appToken, clock, log } = options;
  const { protocol, hostname, port: sidecarPort } = new URL(sidecar.url);
  const server = new DaprServer({
    serverHost: '127.0.0.1',
    serverPort: String(port),
    maxBodySizeMb: MAX_BODY_MB,
    communicationProtocol: CommunicationProtocolEnum.HTTP,
    clientOptions: {
      daprHost: `${protocol}//${hostname}`,
      daprPort: sidecarPort || (protocol === 'https:' ? '443' : '80'),
      ...(sidecar.apiToken !== null && { daprApiToken: sidecar.apiToken }),
      maxBodySizeMb: MAX_BODY_MB,
      actor: { actorIdleTimeout: '10m', drainOngoingCallTimeout: '5s', drainRebalancedActors: true },
    },
    logger: { service: quiet(log) },
  });
  const app = server.daprServer.getServer() as App;
  app.listen = (onPort) => listen(app, onPort);
  if (appToken !== null) {
    app.use((request, response, next) => {
      if (request.headers['dapr-api-token'] === appToken) return next();
      response.writeHead(401).end();
    });
  }
  app.post('/answer', (request, response) => {
    const parsed = DaprRequest.safeParse(request.body);
    const reply = parsed.success ? answerAsBuiltin(builtin, parsed.data) : { error: { message: 'the request is not one' } };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(reply));
  });
  await server.actor.init();
  await server.actor.registerActor(meshAgentActor({ builtin, clock }));
  try {
    await server.start();
  } catch (cause) {
    await server.stop();
    if (cause instanceof MeshError) throw cause;
    const way = 'Start daprd with this app’s port and see that DAPR_HTTP_PORT is its HTTP port';
    throw new MeshError('DAPR_UNREACHABLE', `The Dapr sidecar at ${sidecar.url} does not answer. ${way}.`, { cause });
  }
  return { close: () => server.stop() };
}

type Next = () => void;
type Handler = (...given: [...Parameters<RequestListener>, Next]) => unknown;

/** What is needed of the SDK's Express application. */
interface App extends RequestListener {
  listen(port: number): Promise<Server>;
  use(handler: Handler): void;
  post(
    path: string,
    handler: (request: Parameters<RequestListener>[0] & { body: unknown }, response: Parameters<RequestListener>[1]) => void,
  ): void;
}

/** In place of Express's own: that listens on every address whatever the SDK is told, and a port in use ends the process. */
async function listen(app: RequestListener, port: number): Promise<Server> {
  const server = createServer(app).listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw new MeshError('PORT_IN_USE', `Port ${port} is taken. Stop what listens there or choose another.`, { cause });
  }
  return server;
}

/** The SDK's warnings and errors in our log. Nothing lower: its debug lines hold headers, and the token with them. */
function quiet(log: Logger) {
  const nothing = (): void => undefined;
  const say = (level: 'warn' | 'error') => (message: unknown) => log[level]({ from: 'dapr' }, String(message));
  return { error: say('error'), warn: say('warn'), info: nothing, verbose: nothing, debug: nothing };
}
