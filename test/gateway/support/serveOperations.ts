import { buildSchema } from 'graphql';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { createAuthenticator } from '../../../gateway/context/authenticate.js';
import type { ToldHeaders } from '../../../gateway/fetch/toldHeaders.js';
import type { Operations } from '../../../gateway/pipeline/Operations.js';
import { createApollo } from '../../../gateway/transport/createApollo.js';
import { createDocuments } from '../../../gateway/transport/documents/createDocuments.js';
import { graphqlOverHttp } from '../../../gateway/transport/graphqlOverHttp.js';
import { createOperationCheck } from '../../../gateway/transport/operationLimits.js';
import { createStreams } from '../../../gateway/transport/streams/createStreams.js';

/** The HTTP transport alone, on a free port, over operations that the test executes by itself. */
export async function serveOperations(
  sdl: string,
  execute: Operations['execute'],
  sharing?: { readonly moment: () => string; readonly toldHeaders: ToldHeaders },
) {
  const schema = buildSchema(sdl);
  const log = pino({ level: 'silent' });
  const operations: Operations = {
    moment: sharing?.moment ?? (() => ''),
    schema: () => schema,
    onSchema: (listener) => {
      listener(schema, sdl);
      return () => undefined;
    },
    execute,
    subscribe: () => Promise.reject(new Error('not in this test')),
  };
  const apollo = await createApollo(operations, log);
  const transport = graphqlOverHttp({
    apollo,
    operations,
    documents: createDocuments({
      checkOperation: createOperationCheck(),
      prepare: () => null,
      mode: 'off',
      automatic: true,
      manifest: null,
    }),
    streams: createStreams(),
    authenticate: createAuthenticator({ devTokens: true, jwt: null }, Date.now),
    clock: Date.now,
    randomHex: (bytes) => randomBytes(bytes).toString('hex'),
    sharesOperations: sharing !== undefined,
    toldHeaders: sharing?.toldHeaders ?? (() => ''),
    batchLimit: 10,
    compression: false,
    metrics: { httpRequest: () => undefined },
    log,
  });
  const server = createServer((request, response) => void transport.answer(request, response, {}));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`,
    close: async () => {
      server.close();
      server.closeAllConnections();
      transport.close();
      await apollo.stop();
    },
  };
}
