import { testProfiles } from './testProfiles.js';

testProfiles(1);
