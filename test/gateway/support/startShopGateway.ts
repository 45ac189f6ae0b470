import { pino } from 'pino';
import { createControl } from '../../../gateway/createControl.js';
import type { GatewayOptions } from '../../../gateway/gateway.js';
import { makeShop } from '../../support/shop.js';
import { startTestGateway, type TestGateway } from './startTestGateway.js';

/** A gateway on a free port over a supergraph that knows nothing of a mesh, governed as such. */
export function startShopGateway(options: Partial<GatewayOptions> = {}): Promise<TestGateway> {
  const { supergraphSdl: sdl, clients } = makeShop();
  const log = pino({ level: 'silent' });
  return startTestGateway({
    source: { sdl, clients },
    createControl: (parts) => createControl(parts, { internalKey: null, clock: Date.now, log }),
    ...options,
  });
}
