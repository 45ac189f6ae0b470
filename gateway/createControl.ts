import type { Logger } from 'pino';
import { createGenerations, NO_CATALOG } from './cache/generations.js';
import { LIMITS } from './config/limits.js';
import { createGovernance } from './governance/createGovernance.js';
import { createPolicyEngine } from './governance/createPolicyEngine.js';
import { createRecorder } from './governance/createRecorder.js';
import { MeshError } from './errors.js';
import type { ControlParts } from './gateway.js';
import { createRouter } from './pipeline/routeFields.js';
import type { Control } from './pipeline/Serving.js';
import { createSnapshot } from './snapshot/createSnapshot.js';
import { meterWork } from './telemetry/meterWork.js';

interface Options {
  readonly internalKey: Uint8Array | null;
  readonly clock: () => number;
  readonly log: Logger;
}

/** Governance, routing and the snapshot of a supergraph. A foreign one has neither policies nor agents: what asks for them is denied. */
export function createControl(
  { supergraph, clients, eventLog, metrics }: ControlParts,
  { internalKey, clock, log }: Options,
): Control {
  if (!supergraph.isMesh || !eventLog || !internalKey) {
    const engine = createPolicyEngine(null);
    return {
      govern: createGovernance({ supergraph, engine, recorder: null, metrics, clock }),
      route: async (routed) => {
        if (routed.length === 0) return {};
        throw new MeshError('NO_ROUTE', 'This gateway serves a supergraph without agents; nobody can compute routed fields.');
      },
      reroute: async () => {
        throw new MeshError('NO_ROUTE', 'This gateway serves a supergraph without agents.');
      },
      caughtUp: async () => {
        throw new MeshError(
          'BAD_CURSOR',
          'This gateway serves a supergraph without events; send the operation without x-mesh-after.',
        );
      },
      generations: NO_CATALOG,
      snapshotAgeMs: () => null,
      missing: () => [],
      close: async () => undefined,
    };
  }
  const generations = createGenerations(clock);
  const snapshot = createSnapshot({ clients, eventLog, catalog: generations, clock, log });
  const engine = createPolicyEngine(snapshot);
  const recorder = createRecorder(clients.get('policies')!, clock, log);
  const metering = meterWork(eventLog, metrics, log);
  const costs = clients.get('costs')!;
  const router = createRouter({ supergraph, snapshot, engine, recorder, metrics, costs, internalKey, clock });
  return {
    govern: createGovernance({ supergraph, engine, recorder, metrics, clock }),
    ...router,
    route: (routed, variables, call) => (routed.length === 0 ? Promise.resolve({}) : router.route(routed, variables, call)),
    caughtUp: snapshot.caughtUp,
    generations: {
      of: (subgraphs) => (snapshot.ageMs() > LIMITS.snapshotMs ? null : generations.of(subgraphs)),
      wrote: generations.wrote,
    },
    snapshotAgeMs: snapshot.ageMs,
    missing: () => (Number.isFinite(snapshot.ageMs()) ? [] : ['the snapshot of the mesh is not read yet']),
    close: async () => {
      await metering.close();
      await snapshot.close();
      await recorder.close();
    },
  };
}
