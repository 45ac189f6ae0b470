import { testProfiles } from './testProfiles.js';

testProfiles(0);
