import { createClient, type Client } from 'graphql-ws';
import WebSocket from 'ws';

export interface Answer<Data = Record<string, never>> {
  readonly status: number;
  readonly data?: Data | null;
  readonly errors?: { message: string; path?: (string | number)[]; extensions: { code: string; [key: string]: unknown } }[];
}

/** Sends one operation over HTTP and resolves to whatever came back. */
export async function send<Data>(
  url: string,
  query: string,
  variables: Record<string, unknown> = {},
  token: string | null = 'dev-admin',
  headers: Record<string, string> = {},
): Promise<Answer<Data>> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...headers },
    body: JSON.stringify({ query, variables }),
  });
  return { status: response.status, ...((await response.json()) as object) };
}

/** The data of an operation that must succeed whole. */
export async function dataOf<Data>(
  url: string,
  query: string,
  variables: Record<string, unknown> = {},
  token = 'dev-admin',
): Promise<Data> {
  const answer = await send<Data>(url, query, variables, token);
  if (answer.errors || !answer.data) throw new Error(`HTTP ${answer.status}: ${JSON.stringify(answer.errors ?? answer)}`);
  return answer.data;
}

export function socketClient(url: string, token = 'dev-admin'): Client {
  return createClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${token}` },
    lazy: false,
    retryAttempts: 0,
    onNonLazyError: () => undefined,
  });
}

/** Results of a subscription as they come. `take(n)` resolves once n more have arrived; nothing is lost between two takes. */
export function watch<Data>(client: Client, query: string, variables: Record<string, unknown> = {}): Watch<Data> {
  const results: Data[] = [];
  let taken = 0;
  let failure: unknown;
  let wake: () => void = () => undefined;
  const stop = client.subscribe<Data>(
    { query, variables },
    {
      next: (result) => {
        if (result.errors) failure = new Error(JSON.stringify(result.errors));
        else results.push(result.data as Data);
        wake();
      },
      error: (error) => {
        failure = error;
        wake();
      },
      complete: () => wake(),
    },
  );
  return {
    stop,
    take: async (count) => {
      while (results.length < taken + count) {
        if (failure !== undefined) throw failure;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return results.slice(taken, (taken += count));
    },
    until: async (enough) => {
      for (let next = taken; ;) {
        // Each is shown once: some count what they see.
        while (next < results.length) if (enough(results[next++]!)) return results.slice(taken, (taken = next));
        if (failure !== undefined) throw failure;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

export interface Watch<Data> {
  take(count: number): Promise<Data[]>;
  /** Everything up to and including the first result for which `enough` holds. */
  until(enough: (result: Data) => boolean): Promise<Data[]>;
  stop(): void;
}
