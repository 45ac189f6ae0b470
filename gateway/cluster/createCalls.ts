import { MeshError } from '../errors.js';

/** What one end of a channel between two processes answers, by name. Arguments and results travel as JSON. */
export type Answering = Readonly<Record<string, (argument: never) => Promise<unknown>>>;

export interface Calls<Theirs extends Answering> {
  /** Rejects with what the other end threw (MeshErrors keep their code), or when the channel ends or `timeoutMs` are over. */
  call<Name extends keyof Theirs & string>(
    name: Name,
    argument: Parameters<Theirs[Name]>[0],
    timeoutMs: number,
  ): Promise<Awaited<ReturnType<Theirs[Name]>>>;
  /** For every message that comes. */
  take(message: unknown): void;
  /** Nothing will come any more. */
  end(why: Error): void;
}

type Message =
  | { readonly call: string; readonly id: number; readonly argument: unknown }
  | { readonly answers: number; readonly value?: unknown; readonly error?: Failure };

interface Failure {
  readonly code: string | null;
  readonly message: string;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** Calls in both directions over a channel of messages. `send` tells whether the message is on its way. */
export function createCalls<Theirs extends Answering>(
  send: (message: object, sent: (error: Error | null) => void) => void,
  ours: Answering,
): Calls<Theirs> {
  const waiting = new Map<number, Waiting>();
  let ended: Error | undefined;
  let last = 0;

  const settle = (id: number): Waiting | undefined => {
    const found = waiting.get(id);
    waiting.delete(id);
    clearTimeout(found?.timer);
    return found;
  };
  const answer = async (name: string, id: number, argument: unknown): Promise<void> => {
    let message: Message;
    try {
      message = { answers: id, value: await ours[name]!(argument as never) };
    } catch (error) {
      message = { answers: id, error: describe(error) };
    }
    // Who is gone needs no answer.
    send(message, () => undefined);
  };

  return {
    call: <Result>(name: string, argument: unknown, timeoutMs: number) =>
      new Promise<Result>((resolve, reject) => {
        if (ended) return reject(ended);
        const id = ++last;
        const timer = setTimeout(() => settle(id)?.reject(new Error(`no answer to "${name}" in time`)), timeoutMs);
        waiting.set(id, { resolve: resolve as (value: unknown) => void, reject, timer });
        send({ call: name, id, argument }, (error) => {
          if (error) settle(id)?.reject(error);
        });
      }),
    take: (message) => {
      const given = message as Message;
      if ('call' in given) return void answer(given.call, given.id, given.argument);
      const asked = settle(given.answers);
      if (given.error) asked?.reject(restore(given.error));
      else asked?.resolve(given.value);
    },
    end: (why) => {
      ended = why;
      for (const id of waiting.keys()) settle(id)?.reject(why);
    },
  };
}

function describe(error: unknown): Failure {
  if (error instanceof MeshError) return { code: error.code, message: error.message };
  return { code: null, message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

function restore({ code, message }: Failure): Error {
  if (code !== null) return new MeshError(code, message);
  const error = new Error(message.split('\n', 1)[0]);
  error.stack = message;
  return error;
}
