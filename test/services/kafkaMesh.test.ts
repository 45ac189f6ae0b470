import { startFiveProcesses } from '../support/fiveProcesses.js';
import { meshContract } from '../support/meshContract.js';

meshContract(() => startFiveProcesses({ kafka: true }));
