import { expect } from 'vitest';
import { eventLogContract } from '../shared/contracts/eventLogContract.js';
import { openKafkaLog } from '../support/openKafkaLog.js';

/** The two events that are gone had one subject, and so were in one partition. */
const gone = expect.arrayContaining([2, 0]) as unknown;
eventLogContract(openKafkaLog, { order: 'subject', gap: { from: [0, 0, 0, 0, 0, 0], oldest: gone } });
