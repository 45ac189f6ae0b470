import { randomBytes } from 'node:crypto';
import { pino } from 'pino';
import { createControl } from '../../../gateway/createControl.js';
import { createGateway } from '../../../gateway/gateway.js';
import type { BuiltGraph } from './buildCase.js';
import type { Answer } from './compareAnswers.js';
import type { FederationCase } from './FederationCase.js';
import { toClient } from './runOurs.js';

export interface OverHttp {
  /** As an anonymous caller. */
  run(asked: Pick<FederationCase, 'operation' | 'variables' | 'down'>): Promise<Answer>;
  close(): Promise<void>;
}

/** The second way to ours: the whole gateway as `mesh gateway` starts it, on a free port, and its subgraphs in this process. */
export async function startOverHttp({ supergraphSdl, subgraphs, sources }: BuiltGraph): Promise<OverHttp> {
  let current = sources();
  const clients = new Map([...subgraphs.keys()].map((name) => [name, toClient(() => current.get(name)!)]));
  const log = pino({ level: 'silent' });
  const gateway = await createGateway({
    source: { sdl: supergraphSdl, clients },
    eventLog: null,
    cache: null,
    config: { host: '127.0.0.1', port: 0, auth: { devTokens: false, jwt: null }, consoleFolder: '/nowhere' },
    internalKey: null,
    clock: Date.now,
    randomHex: (bytes) => randomBytes(bytes).toString('hex'),
    log,
    createControl: (parts) => createControl(parts, { internalKey: null, clock: Date.now, log }),
  });
  const { url } = await gateway.listen();
  return {
    run: async ({ operation, variables = {}, down }) => {
      current = sources(down);
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query: operation, variables }),
      });
      return (await response.json()) as Answer;
    },
    close: () => gateway.close(),
  };
}
