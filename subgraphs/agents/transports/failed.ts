import type { Usage } from '../../shared/pricing.js';
import type { AgentResult } from './AgentTransport.js';

type Failed = Extract<AgentResult, { kind: 'failed' }>;

/** The other side, or the way to it, is broken. `usage` null: nothing that could be paid is known to have been used. */
export function brokeDown(message: string, usage: Usage | null = null): Failed {
  return { kind: 'failed', message, usage, brokeDown: true };
}

/** It was asked properly and said that it cannot, or it cannot be asked. */
export function cannot(message: string, usage: Usage | null = null): Failed {
  return { kind: 'failed', message, usage, brokeDown: false };
}

const MAX_QUOTE = 300;

/** What another party said, fit for an attempt's record: short, on one line. */
export function quoted(text: string): string {
  const line = text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
  return line.length > MAX_QUOTE ? `${line.slice(0, MAX_QUOTE)}…` : line;
}
