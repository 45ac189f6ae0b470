import { once } from 'node:events';
import { createServer } from 'node:http';
import type { GatewayConfig } from '../config/readConfig.js';
import { listen } from '../transport/httpServer.js';

/** Resolves to the port, and to one that is free where any will do. Throws what listening would throw later, PORT_IN_USE among it. */
export async function probePort({ host, port }: Pick<GatewayConfig, 'host' | 'port'>): Promise<number> {
  const probe = createServer();
  const found = await listen(probe, host, port);
  probe.close();
  await once(probe, 'close');
  return found;
}
