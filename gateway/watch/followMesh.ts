import { createClient, type Client } from 'graphql-ws';
import WebSocket from 'ws';
import { pause, retryPauseMs } from '../../subgraphs/shared/pause.js';
import { socketUrl } from '../apply/meshClient.js';
import { MeshError } from '../errors.js';
import { STREAMS, type StreamName } from './streams.js';

export interface FollowOptions {
  /** For example `http://127.0.0.1:4000`. */
  readonly url: string;
  readonly token: string | undefined;
  /** Ends the following; the promise then resolves. */
  readonly signal: AbortSignal;
  readonly onEvent: (stream: StreamName, payload: unknown) => void;
  /** What the connection does, in words. */
  readonly onState: (state: string, isLive: boolean) => void;
}

const PING_MS = 10_000;
const PONG_MS = 5_000;
/** What can be mended by going on from now. */
const LOST_PLACE = new Set(['EVENT_GAP', 'BAD_CURSOR']);
/** What trying again will not mend. */
const MAY_NOT = new Set(['FORBIDDEN', 'UNAUTHENTICATED', 'GRAPHQL_VALIDATION_FAILED', 'SUBSCRIPTION_UNSUPPORTED']);

/**
 * Subscribes to all streams over one WebSocket, and again with their last cursors whenever it is lost, so that nothing is missed that is
 * still kept. A stream that the caller may not see is left out, and said so. Rejects with SUBREQUEST_FAILED when nobody answers at
 * first, with UNAUTHENTICATED when the token does not hold, with FORBIDDEN when no stream is left.
 */
export async function followMesh(options: FollowOptions): Promise<void> {
  const { url, signal, onState } = options;
  const cursors = new Map<StreamName, string | null>((Object.keys(STREAMS) as StreamName[]).map((name) => [name, null]));
  const refused = new Map<StreamName, string>();
  let opened = false;
  for (let failures = 0; !signal.aborted;) {
    const connection = await followOnce(options, cursors, refused, opened);
    if (signal.aborted) return;
    if (connection.code === 4403)
      throw new MeshError('UNAUTHENTICATED', 'The gateway does not accept the token. It is taken from MESH_TOKEN.');
    if (cursors.size === 0) throw new MeshError('FORBIDDEN', `Nothing may be watched: ${[...refused.values()].join(' ')}`);
    if (!opened && !connection.opened)
      throw new MeshError('SUBREQUEST_FAILED', `No gateway answers at ${url}. Start one with \`npm start\`, or set MESH_URL.`);
    opened = true;
    failures = connection.opened ? 1 : failures + 1;
    onState(`connection lost, trying again (${failures})`, false);
    await pause(retryPauseMs(failures), signal);
  }
}

interface Connection {
  readonly opened: boolean;
  /** Of the WebSocket's close. */
  readonly code: number;
}

/** One connection, until it has ended. Cursors move on as events come. */
function followOnce(
  { url, token, signal, onEvent, onState }: FollowOptions,
  cursors: Map<StreamName, string | null>,
  refused: Map<StreamName, string>,
  again: boolean,
): Promise<Connection> {
  const notes = (): string => (refused.size === 0 ? '' : `, without ${[...refused.keys()].join(', ')}`);
  return new Promise((resolve) => {
    let opened = false;
    let late: NodeJS.Timeout | undefined;
    // Of a client that never connected this rejects with what `closed` tells, too.
    const end = (): void => void Promise.resolve(client.dispose()).catch(() => undefined);
    const client: Client = createClient({
      url: socketUrl(url),
      webSocketImpl: WebSocket,
      ...(token !== undefined && { connectionParams: { authorization: `Bearer ${token}` } }),
      lazy: false,
      retryAttempts: 0,
      connectionAckWaitTimeout: PING_MS,
      keepAlive: PING_MS,
      onNonLazyError: () => undefined,
      on: {
        connected: () => {
          opened = true;
          onState(again ? `${url}, connected again and gone on from where it was${notes()}` : `${url}${notes()}`, true);
          for (const name of cursors.keys()) subscribe(name);
        },
        // A gateway that is gone without a word answers no ping.
        ping: (received) => {
          if (!received) late = setTimeout(() => client.terminate(), PONG_MS);
        },
        pong: (received) => {
          if (received) clearTimeout(late);
        },
        closed: (event) => {
          clearTimeout(late);
          signal.removeEventListener('abort', end);
          end();
          resolve({ opened, code: (event as { code?: number }).code ?? 0 });
        },
      },
    });
    const subscribe = (name: StreamName): void => {
      client.subscribe<Record<string, { cursor: string } | null>>(
        { query: STREAMS[name], variables: { after: cursors.get(name) ?? null } },
        {
          next: ({ data }) => {
            const payload = data?.[name];
            if (!payload) return;
            cursors.set(name, payload.cursor);
            onEvent(name, payload);
          },
          error: (error) => {
            const code = codeOf(error);
            if (code === undefined) return;
            if (LOST_PLACE.has(code)) {
              cursors.set(name, null);
              onState(`${url}, some ${name} are no longer kept and were missed`, true);
              return subscribe(name);
            }
            if (!MAY_NOT.has(code)) return end();
            cursors.delete(name);
            refused.set(name, messageOf(error));
            onState(`${url}${notes()}`, true);
            if (cursors.size === 0) end();
          },
          // The gateway ended the stream, so it is closing.
          complete: () => undefined,
        },
      );
    };
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
  });
}

/** Undefined: the connection failed, which `closed` tells, too. */
function codeOf(error: unknown): string | undefined {
  if (!Array.isArray(error)) return undefined;
  const [first] = error as { extensions?: { code?: string } }[];
  return first?.extensions?.code ?? 'INTERNAL_SERVER_ERROR';
}

function messageOf(error: unknown): string {
  return (error as { message: string }[])[0]?.message ?? 'no reason was given';
}
