import { contestantsOf } from '../gateways/contestants.mjs';
import { postJson } from '../gateways/postJson.mjs';
import { withShop } from '../gateways/withShop.mjs';
import { startProbed } from '../inside/startProbed.mjs';

const WARM = 100;

/**
 * What our gateway holds for each operation that it has answered and keeps: bytes alive after a collection, of `texts` that are all
 * different, each sent once (what comes again is remembered as answers of subgraphs, too, up to a bound). Throws on an answer that is
 * not 200.
 */
export async function weighOperations({ texts, tell }) {
  return withShop(async ({ files }) => {
    const gateway = await startProbed(contestantsOf(files).ours);
    const send = async (from, to) => {
      for (const query of texts.slice(from, to)) {
        const { status } = await postJson(gateway.url, { query });
        if (status !== 200) throw new Error(`answered with ${status}: ${query}`);
      }
      const { heapBytes, externalBytes } = await gateway.ask('memory');
      return heapBytes + externalBytes;
    };
    try {
      tell(`weight of ${texts.length - WARM} operations`);
      const before = await send(0, WARM);
      const after = await send(WARM, texts.length);
      return { operations: texts.length - WARM, bytesEach: (after - before) / (texts.length - WARM) };
    } finally {
      await gateway.stop();
    }
  });
}

export function weightText({ operations, bytesEach }) {
  return `One of ${operations} kept operations that have been answered once: ${(bytesEach / 1024).toFixed(0)} KB alive\n`;
}
