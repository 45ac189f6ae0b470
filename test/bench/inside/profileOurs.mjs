import { writeFile } from 'node:fs/promises';
import { contestantsOf } from '../gateways/contestants.mjs';
import { measureGateway, verify } from '../gateways/measureGateway.mjs';
import { withShop } from '../gateways/withShop.mjs';
import { scenarios } from '../scenarios.mjs';
import { startProbed } from './startProbed.mjs';
import { summarizeProfile } from './summarizeProfile.mjs';

/** Profiles our gateway under the load of one scenario, after a warm-up; keeps the profile in `file` for a viewer and returns its summary. */
export async function profileOurs({ name, scenario, seconds, warmSeconds, file, tell }) {
  const { kind } = scenarios[scenario];
  return withShop(async (shop) => {
    tell(`profile of ${name}, ${scenario}`);
    const gateway = await startProbed(contestantsOf(shop.files)[name]);
    try {
      await verify(gateway, kind);
      await measureGateway({ gateway, shop, kind, seconds: warmSeconds });
      await gateway.ask('profile');
      const { perSecond, cpuMs } = await measureGateway({ gateway, shop, kind, seconds });
      const profile = await gateway.ask('profiled');
      await writeFile(file, JSON.stringify(profile));
      const figures = `${name}, ${scenario}: ${perSecond.toFixed(0)} requests/s and ${cpuMs.toFixed(3)} ms CPU a request while profiled`;
      return `${figures}\n${summarizeProfile(profile)}`;
    } finally {
      await gateway.stop();
    }
  });
}
