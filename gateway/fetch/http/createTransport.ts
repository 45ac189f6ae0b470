import { addressOf } from './Address.js';
import { http1Transport } from './http1Transport.js';
import { http2Transport } from './http2Transport.js';
import { negotiatedTransport } from './negotiatedTransport.js';
import type { Transport, TransportLimits } from './Transport.js';

export interface TransportOptions extends TransportLimits {
  readonly url: string;
  /** `h2c`: HTTP/2 without TLS, of a server that is known to speak it. `auto`: over TLS what the server prefers, else HTTP/1.1. */
  readonly protocol: 'auto' | 'http1' | 'h2c';
  /** PEM of the authorities that vouch for the server. Undefined: the system's. */
  readonly ca?: string | undefined;
}

export function createTransport({ url, protocol, ca, ...limits }: TransportOptions): Transport {
  const address = addressOf(url, ca);
  if (address.isSecure && protocol !== 'http1') return negotiatedTransport(address, limits);
  return protocol === 'h2c' ? http2Transport(address, limits) : http1Transport(address, limits);
}
