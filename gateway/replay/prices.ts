import { perToken, type Pricing } from '../../subgraphs/shared/pricing.js';
import { MeshError } from '../errors.js';

/** USD per million tokens, input and output, as they were when the published recordings were made. */
const KNOWN: Readonly<Record<string, readonly [string, string]>> = {
  'gpt-4-1106-preview': ['10', '30'],
  'mixtral-8x7b-instruct': ['0.6', '0.6'],
};

/** Prices of the recorded models. `given`: `model=input/output`, which wins. Throws INVALID_CONFIGURATION; a price is never guessed. */
export function pricesOf(models: readonly string[], given: readonly string[]): Map<string, Pricing> {
  const said = new Map(given.map(readPrice));
  return new Map(
    models.map((model) => {
      const price = said.get(model) ?? KNOWN[model];
      if (!price) throw wrong(`The price of ${model} is not known. Give it as --price ${model}=<input>/<output>.`);
      const [inputPerMTokUsd, outputPerMTokUsd] = price;
      return [model, { inputPerMTokUsd, outputPerMTokUsd, cachedInputPerMTokUsd: null, perRequestUsd: null, version: 1 }];
    }),
  );
}

function readPrice(text: string): readonly [string, readonly [string, string]] {
  const [, model, input, output] = /^(.+)=([\d.]+)\/([\d.]+)$/.exec(text) ?? [];
  try {
    perToken(input!);
    perToken(output!);
    return [model!, [input!, output!]];
  } catch {
    throw wrong(`--price ${text}: write model=input/output in USD per million tokens, such as small=0.6/0.6.`);
  }
}

function wrong(message: string): MeshError {
  return new MeshError('INVALID_CONFIGURATION', message);
}
