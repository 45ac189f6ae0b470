import { setMaxListeners } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Exchange } from './writeAnswer.js';

/**
 * An exchange while it lasts. A class, because V8 gives every object literal with a getter a hidden class of its own, which holds the
 * getter, and so all that it sees of the request, until the next full collection of garbage.
 */
export class OpenExchange implements Exchange {
  isAnswered = false;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly cors: Readonly<Record<string, string>>;
  readonly compresses: boolean;
  private controller: AbortController | undefined;
  private hasLeft = false;

  constructor(request: IncomingMessage, response: ServerResponse, cors: Readonly<Record<string, string>>, compresses: boolean) {
    this.request = request;
    this.response = response;
    this.cors = cors;
    this.compresses = compresses;
    response.once('close', () => {
      if (!response.writableFinished || !this.isAnswered) this.leave();
    });
  }

  /** Made for who asks for it: most exchanges end well and nobody does. */
  get gone(): AbortSignal {
    if (!this.controller) {
      this.controller = new AbortController();
      setMaxListeners(0, this.controller.signal);
      if (this.hasLeft) this.controller.abort();
    }
    return this.controller.signal;
  }

  private leave(): void {
    this.hasLeft = true;
    this.controller?.abort();
  }
}
