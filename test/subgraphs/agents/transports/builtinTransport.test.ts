import { builtinTransport } from '../../../../subgraphs/agents/transports/builtinTransport.js';
import { transportContract } from './transportContract.js';

transportContract('BUILTIN', async () => ({
  transport: builtinTransport,
  parts: {
    agent: { endpoint: 'builtin:arithmetic' },
    candidate: { modelId: 'local/arithmetic-small' },
    input: { prompt: '2 + 2' },
  },
  answered: { usage: { inputTokens: 3, cachedInputTokens: 0, outputTokens: 1 } },
  refused: { input: { prompt: 'What is love?' } },
  remote: null,
  close: async () => undefined,
}));
