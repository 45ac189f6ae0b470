import { Pool } from 'undici';

export interface DaprConfig {
  /** The sidecar's HTTP API. */
  readonly url: string;
  /** DAPR_API_TOKEN. Null: the sidecar asks for none. */
  readonly apiToken: string | null;
}

export interface SidecarAnswer {
  readonly status: number;
  readonly text: string;
}

export interface PostOptions {
  readonly signal: AbortSignal;
  readonly headers: Readonly<Record<string, string>>;
}

export interface DaprSidecar {
  /**
   * Posts JSON. Rejects with SidecarError when the sidecar is not there, breaks off, takes over 5 minutes or sends more than 1 MiB,
   * and with the signal's reason, at once, when that is aborted.
   */
  post(path: string, body: string, options: PostOptions): Promise<SidecarAnswer>;
  close(): Promise<void>;
}

export class SidecarError extends Error {
  override readonly name = 'SidecarError';
}

const PROBE_MS = 500;
const CALL_MS = 300_000;
const MAX_ANSWER_BYTES = 1024 * 1024;
const CONNECTIONS = 100;

/**
 * The sidecar over its HTTP API and not through DaprClient: that takes no signal, waits half a minute for a sidecar that is not there,
 * and writes its headers, the token among them, to its debug log. Before the first call, and again after every failure, half a second
 * is given to the sidecar to say that it is well.
 */
export function createDaprSidecar({ url, apiToken }: DaprConfig): DaprSidecar {
  const { origin, pathname } = new URL(url);
  const base = pathname.replace(/\/$/, '');
  const token: Record<string, string> = apiToken === null ? {} : { 'dapr-api-token': apiToken };
  const pool = new Pool(origin, {
    connections: CONNECTIONS,
    connect: { timeout: PROBE_MS },
    headersTimeout: CALL_MS,
    bodyTimeout: CALL_MS,
  });
  let well = false;
  let probing: Promise<void> | undefined;

  const probe = async (): Promise<void> => {
    const response = await pool
      .request({ method: 'GET', path: `${base}/v1.0/healthz`, headers: token, signal: AbortSignal.timeout(PROBE_MS) })
      .catch((cause: unknown) => {
        throw new SidecarError(`the Dapr sidecar does not answer within ${PROBE_MS} ms`, { cause });
      });
    await response.body.dump({ limit: 4096 }).catch(() => undefined);
    if (response.statusCode >= 300) throw new SidecarError(`the Dapr sidecar is not ready: HTTP ${response.statusCode}`);
    well = true;
  };

  const ready = (): Promise<void> => {
    if (well) return Promise.resolve();
    probing ??= probe().finally(() => (probing = undefined));
    return probing;
  };

  return {
    post: async (path, body, { signal, headers }) => {
      signal.throwIfAborted();
      await unlessAborted(ready(), signal);
      const timeout = AbortSignal.timeout(CALL_MS);
      try {
        const response = await pool.request({
          method: 'POST',
          path: `${base}${path}`,
          headers: { ...headers, 'content-type': 'application/json', ...token },
          body,
          signal: AbortSignal.any([signal, timeout]),
        });
        return { status: response.statusCode, text: await readText(response.body) };
      } catch (cause) {
        signal.throwIfAborted();
        well = false;
        if (cause instanceof SidecarError) throw cause;
        throw new SidecarError(timeout.aborted ? 'it took over 5 minutes' : 'the Dapr sidecar broke off the call', { cause });
      }
    },
    close: () => pool.destroy(),
  };
}

/** The probe is everybody's and ends by itself; who has no time left does not wait for it. */
async function unlessAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
  });
  await Promise.race([work, aborted]).finally(() => signal.removeEventListener('abort', stop!));
}

/** Leaving the loop lets go of the connection. */
async function readText(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) throw new SidecarError(`its answer is over ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
