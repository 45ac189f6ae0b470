import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { composeShop } from '../shop/composeShop.mjs';
import { expectedData } from '../shop/monolith.mjs';
import { requestKinds } from '../shop/operation.mjs';
import { federation1SdlOf, subgraphNames } from '../shop/subgraphSchemas.mjs';
import { end, spawnOwned } from './endWithUs.mjs';

const serve = fileURLToPath(new URL('../shop/serve.mjs', import.meta.url));

/**
 * Runs `work` while the four subgraphs are served (one process, on core 1). It is given the files that gateways start from and
 * `requests()`, how many requests the subgraphs have had.
 */
export async function withShop(work) {
  const folder = await mkdtemp(join(tmpdir(), 'mesh-bench-'));
  const child = spawnOwned([process.execPath, serve], { core: 1, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  try {
    const urls = await heard(child);
    const files = {
      supergraph: join(folder, 'supergraph.graphql'),
      services: join(folder, 'services.json'),
      answer: join(folder, 'answer.json'),
    };
    await writeFile(files.supergraph, composeShop(urls));
    const services = subgraphNames.map((name) => ({ name, url: urls[name], schema: federation1SdlOf(name), mandatory: true }));
    await writeFile(files.services, JSON.stringify(services));
    await writeFile(files.answer, JSON.stringify({ data: await expectedData(requestKinds.same()) }));
    const requests = async () => {
      child.send('requests');
      return (await heard(child)).requests;
    };
    return await work({ files, requests, pid: child.pid });
  } finally {
    await end(child);
    await rm(folder, { recursive: true, force: true });
  }
}

function heard(child) {
  return new Promise((resolve, reject) => {
    const ended = (code) => reject(new Error(`the subgraphs ended with ${code}`));
    child.once('exit', ended);
    child.once('message', (message) => {
      child.off('exit', ended);
      resolve(message);
    });
  });
}
