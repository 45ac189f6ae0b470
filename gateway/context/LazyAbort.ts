import { setMaxListeners } from 'node:events';

/** An AbortController whose signal is made for whoever wants to listen: most work ends well, nobody does, and a controller with its signal costs 2.7 µs. */
export class LazyAbort {
  private controller: AbortController | undefined;
  private isOver = false;

  get signal(): AbortSignal {
    if (!this.controller) {
      this.controller = new AbortController();
      // One listener for each fetch in flight.
      setMaxListeners(0, this.controller.signal);
      if (this.isOver) this.controller.abort();
    }
    return this.controller.signal;
  }

  isAborted(): boolean {
    return this.isOver;
  }

  abort(): void {
    this.isOver = true;
    this.controller?.abort();
  }
}
