import type { ServerResponse } from 'node:http';
import { LazyAbort } from '../context/LazyAbort.js';

/** Answers that are being made, for whoever asks the same before they are there. */
export interface Flights<Answer> {
  /** The answer to the same question, if it is being made; counts `response` among those that wait for it. */
  join(key: string, response: ServerResponse): Promise<Answer> | undefined;
  /**
   * Makes an answer. Once `mayShare` is called, others who ask under `key` get it too, until it is there. `gone` is aborted when all
   * who wait have left.
   */
  start(key: string, response: ServerResponse, make: (gone: LazyAbort, mayShare: () => void) => Promise<Answer>): Promise<Answer>;
}

interface Flight<Answer> {
  readonly gone: LazyAbort;
  waiting: number;
  answer: Promise<Answer> | undefined;
  isThere: boolean;
}

export function createFlights<Answer>(): Flights<Answer> {
  const flights = new Map<string, Flight<Answer>>();
  const wait = (flight: Flight<Answer>, response: ServerResponse): void => {
    flight.waiting++;
    const leave = (): void => {
      if (--flight.waiting === 0 && !flight.isThere) flight.gone.abort();
    };
    // One who left while he was being recognised tells nobody any more.
    if (response.destroyed) leave();
    else response.once('close', leave);
  };
  return {
    join: (key, response) => {
      const flight = flights.get(key);
      // One that everybody has left is being aborted.
      if (!flight?.answer || flight.gone.isAborted()) return undefined;
      wait(flight, response);
      return flight.answer;
    },
    start: (key, response, make) => {
      const flight: Flight<Answer> = { gone: new LazyAbort(), waiting: 0, answer: undefined, isThere: false };
      wait(flight, response);
      const leave = (): void => {
        flight.isThere = true;
        if (flights.get(key) === flight) flights.delete(key);
      };
      const mayShare = (): void => {
        if (!flight.isThere) flights.set(key, flight);
      };
      flight.answer = make(flight.gone, mayShare).finally(leave);
      return flight.answer;
    },
  };
}
