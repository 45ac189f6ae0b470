import { openPglite } from '../../subgraphs/shared/database/openPglite.js';
import { databaseContract } from './contracts/databaseContract.js';
import { eventLogContract } from './contracts/eventLogContract.js';
import { openLogOn, TABLE } from './contracts/openLog.js';

databaseContract(() => openPglite({ dataDir: null }));
eventLogContract(async () => openLogOn(await openPglite({ dataDir: null })), TABLE);
