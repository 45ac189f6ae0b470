import type { IncomingMessage, ServerResponse } from 'node:http';
import { LazyAbort } from '../../context/LazyAbort.js';
import type { Exchange } from './writeAnswer.js';

/**
 * An exchange while it lasts. A class, because V8 gives every object literal with a getter a hidden class of its own, which holds the
 * getter, and so all that it sees of the request, until the next full collection of garbage.
 */
export class OpenExchange implements Exchange {
  isAnswered = false;
  isHandedOver = false;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly cors: Readonly<Record<string, string>>;
  readonly compresses: boolean;
  private readonly leaving = new LazyAbort();

  constructor(request: IncomingMessage, response: ServerResponse, cors: Readonly<Record<string, string>>, compresses: boolean) {
    this.request = request;
    this.response = response;
    this.cors = cors;
    this.compresses = compresses;
    response.once('close', () => {
      if (!response.writableFinished || !this.isAnswered) this.leaving.abort();
    });
  }

  get gone(): AbortSignal {
    return this.leaving.signal;
  }
}
