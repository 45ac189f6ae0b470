// The whole mesh as `mesh start` has it, but nobody decides about any field and nothing is put on record. For measuring only: no setting
// of the mesh does this.
import { createLifetime } from '../../../dist/gateway/cli/lifetime.js';
import { openMesh } from '../../../dist/gateway/cli/openMesh.js';
import { readConfig } from '../../../dist/gateway/config/readConfig.js';
import { createControl } from '../../../dist/gateway/createControl.js';
import { createLogger } from '../../../dist/gateway/telemetry/createLogger.js';

const everything = (document) => ({ document, denied: [], nothingLeft: false, byPolicies: false, record: () => undefined });

const lifetime = createLifetime();
process.once('SIGTERM', () => void lifetime.close().then(() => process.exit(0)));
const { url } = await openMesh(readConfig(process.env, {}), lifetime, createLogger(), (parts, options) => ({
  ...createControl(parts, options),
  govern: everything,
}));
console.log(`ready at ${url}`);
