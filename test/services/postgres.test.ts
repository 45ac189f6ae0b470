import { openPostgres } from '../../subgraphs/shared/database/openPostgres.js';
import { databaseContract } from '../shared/contracts/databaseContract.js';
import { eventLogContract } from '../shared/contracts/eventLogContract.js';
import { openLogOn, TABLE } from '../shared/contracts/openLog.js';
import { createDatabase } from '../support/fiveProcesses.js';

const openFresh = async () => openPostgres({ url: (await createDatabase()).url });

databaseContract(openFresh);
eventLogContract(async () => openLogOn(await openFresh()), TABLE);
