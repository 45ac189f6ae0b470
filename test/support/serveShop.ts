import { composeServices } from '@apollo/composition';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { execute, parse } from 'graphql';
import { withFolder } from './meshProcess.js';
import { makeShop, shopSdl } from './shop.js';

export interface ServedShop {
  readonly supergraphSdl: string;
  readonly urls: ReadonlyMap<string, string>;
  /** Header names that a subgraph was sent, in lower case. */
  readonly headers: ReadonlySet<string>;
  stop(name: string): Promise<void>;
  close(): Promise<void>;
}

/** The shop's subgraphs as plain GraphQL servers that know nothing of a mesh. */
export async function serveShop(): Promise<ServedShop> {
  const { schemas } = makeShop();
  const headers = new Set<string>();
  const servers = new Map(
    Object.entries(schemas).map(([name, schema]) => [
      name,
      createServer((request, response) => {
        for (const header of Object.keys(request.headers)) headers.add(header);
        const chunks: Buffer[] = [];
        request.on('data', (chunk: Buffer) => chunks.push(chunk));
        request.on('end', () => {
          const { query, variables } = JSON.parse(Buffer.concat(chunks).toString()) as { query: string; variables?: object };
          const result = execute({ schema, document: parse(query), variableValues: { ...variables } });
          void Promise.resolve(result).then((answer) => {
            response.setHeader('content-type', 'application/json');
            response.end(JSON.stringify(answer));
          });
        });
      }),
    ]),
  );
  const urls = new Map<string, string>();
  for (const [name, server] of servers) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    urls.set(name, `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`);
  }
  const services = Object.entries(shopSdl).map(([name, sdl]) => ({ name, url: urls.get(name)!, typeDefs: parse(sdl) }));
  const { supergraphSdl, errors } = composeServices(services);
  if (!supergraphSdl) throw new Error(errors!.map(({ message }) => message).join('\n'));
  const stop = async (name: string): Promise<void> => {
    const server = servers.get(name)!;
    servers.delete(name);
    server.close();
    server.closeAllConnections();
  };
  return {
    supergraphSdl,
    urls,
    headers,
    stop,
    close: async () => {
      for (const name of servers.keys()) await stop(name);
    },
  };
}

/** With a folder for files beside it. */
export async function withServedShop(work: (shop: ServedShop, folder: string) => Promise<void>): Promise<void> {
  const shop = await serveShop();
  try {
    await withFolder((folder) => work(shop, folder));
  } finally {
    await shop.close();
  }
}
