import { isIP } from 'node:net';
import { JSON_HEADERS } from './Transport.js';

/** Where a transport's requests go, read from a URL once. */
export interface Address {
  readonly isSecure: boolean;
  readonly host: string;
  readonly port: number;
  /** Host and port as the Host header has them. */
  readonly authority: string;
  readonly path: string;
  /** What every HTTP/1.1 request begins with. */
  readonly head: string;
  /** PEM of the authorities that vouch for the server. Undefined: the system's. */
  readonly ca: string | undefined;
}

export function addressOf(url: string, ca?: string): Address {
  const { protocol, hostname, port, host, pathname, search } = new URL(url);
  const isSecure = protocol === 'https:';
  const path = `${pathname}${search}`;
  const fields = Object.entries({ host, ...JSON_HEADERS }).map(([name, value]) => `${name}: ${value}\r\n`);
  return {
    isSecure,
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? (isSecure ? 443 : 80) : Number(port),
    authority: host,
    path,
    head: `POST ${path} HTTP/1.1\r\n${fields.join('')}`,
    ca,
  };
}

/** For net.connect and tls.connect. */
export function socketOptions({ isSecure, host, port, ca }: Address) {
  return {
    host,
    port,
    ...(isSecure && { servername: isIP(host) ? '' : host }),
    ...(ca !== undefined && { ca }),
  };
}
