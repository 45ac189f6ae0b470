/** How long an answer holds, and for whom. */
export interface Freshness {
  /** Epoch milliseconds. */
  readonly until: number;
  readonly isPrivate: boolean;
}

/** A text that says until when it holds. */
export function withExpiry(until: number, json: string): string {
  return `${Math.floor(until)} ${json}`;
}

/** Undefined: it holds no longer, or is no object that `withExpiry` has put away. */
export function readExpiring(text: string, now: number): { readonly until: number; readonly json: string } | undefined {
  const space = text.indexOf(' ');
  const until = Number(text.slice(0, space));
  if (space < 1 || !(until > now)) return undefined;
  const json = text.slice(space + 1);
  return json.startsWith('{') && json.endsWith('}') ? { until, json } : undefined;
}

/** The value of a Cache-Control header (RFC 9111, 5.2.2), with what is left of the time. Null: the answer may not be kept. */
export function cacheControl(freshness: Freshness | null, now: number): string {
  const seconds = freshness ? Math.round((freshness.until - now) / 1000) : 0;
  return seconds > 0 ? `max-age=${seconds}, ${freshness!.isPrivate ? 'private' : 'public'}` : 'no-store';
}
