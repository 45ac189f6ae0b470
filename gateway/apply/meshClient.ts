import { MeshError } from '../errors.js';

/** Sends one operation to a gateway's public API and resolves to its data. */
export type MeshClient = <Data>(
  query: string,
  variables?: Record<string, unknown>,
  /** Besides the token and the content type, such as x-mesh-after. */
  headers?: Readonly<Record<string, string>>,
) => Promise<Data>;

interface GraphQLAnswer {
  readonly data?: unknown;
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[];
}

/**
 * A client of the gateway at `url` (for example `http://127.0.0.1:4000`), as every command of the CLI uses it.
 * Rejects with the gateway's own code when it answers with an error, and with SUBREQUEST_FAILED when nothing that speaks GraphQL
 * answers within `timeoutMs`. The token is sent as a bearer token and never shown.
 */
export function createMeshClient({
  url,
  token,
  timeoutMs = 30_000,
}: {
  url: string;
  token?: string;
  timeoutMs?: number;
}): MeshClient {
  const endpoint = new URL('/graphql', url);
  return async <Data>(
    query: string,
    variables: Record<string, unknown> = {},
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Data> => {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
      body: JSON.stringify({ query, variables }),
      signal: AbortSignal.timeout(timeoutMs),
    }).catch((cause: unknown) => {
      throw new MeshError(
        'SUBREQUEST_FAILED',
        `No gateway answers at ${endpoint.origin}. Start one with \`npm start\`, or set MESH_URL.`,
        { cause },
      );
    });
    const answer = (await response.json().catch(() => ({}))) as GraphQLAnswer;
    const [error] = answer.errors ?? [];
    if (error) {
      const code = error.extensions?.code ?? 'INTERNAL_SERVER_ERROR';
      const wayOut = code === 'UNAUTHENTICATED' ? ' The token is taken from MESH_TOKEN.' : '';
      throw new MeshError(code, `${error.message}${wayOut}`);
    }
    if (answer.data === undefined || answer.data === null) {
      throw new MeshError(
        'SUBREQUEST_FAILED',
        `${endpoint.origin} answered ${response.status} without GraphQL data. Is it a mesh gateway?`,
      );
    }
    return answer.data as Data;
  };
}

/** Where the gateway at `url` takes WebSockets: `ws:` of `http:`, `wss:` of `https:`. */
export function socketUrl(url: string): string {
  const endpoint = new URL('/graphql', url);
  endpoint.protocol = endpoint.protocol === 'https:' ? 'wss:' : 'ws:';
  return endpoint.href;
}
