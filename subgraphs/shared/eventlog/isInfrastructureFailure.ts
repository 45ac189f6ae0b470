import { MeshError } from '../errors.js';

/**
 * Whether something around the work was broken (a connection, a server, a lock, time), so that the same work may well succeed later.
 * Looks at causes, and at what an AggregateError holds. Anything else is taken for the work's own fault.
 */
export function isInfrastructureFailure(error: unknown, depth = 0): boolean {
  if (!(error instanceof Error) || depth > MAX_CAUSES) return false;
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string' && (SYSTEM.has(code) || code.startsWith('UND_ERR_') || isInfrastructureState(code))) return true;
  if (error instanceof MeshError && OURS.has(error.code)) return true;
  if (NAMES.has(error.name) || MESSAGES.test(error.message)) return true;
  const inner = error instanceof AggregateError ? (error.errors as unknown[]) : [];
  return [error.cause, ...inner].some((each) => isInfrastructureFailure(each, depth + 1));
}

const MAX_CAUSES = 5;

const SYSTEM = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EMFILE',
  'ENFILE',
  'ENOSPC',
]);

const OURS = new Set([
  'TRANSACTION_TIMEOUT',
  'DATABASE_UNREACHABLE',
  'EVENT_LOG_UNREACHABLE',
  'TOO_BUSY',
  'SUBREQUEST_FAILED',
  'SUBGRAPH_TIMEOUT',
]);

const NAMES = new Set(['AbortError', 'TimeoutError']);

/** Of `pg`, which gives these no code. */
const MESSAGES =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed|Query read timeout|the database is closed)/;

/**
 * SQLSTATE classes: 08 connection, 40 rolled back (deadlock, serialization), 53 out of resources, 57 operator intervention, 58 system
 * error; and 55P03 lock not available, 25P03 idle transaction ended, 25006 read-only (a server that is being replaced).
 */
function isInfrastructureState(code: string): boolean {
  return /^(08|40|53|57|58)[0-9A-Z]{3}$/.test(code) || code === '55P03' || code === '25P03' || code === '25006';
}
