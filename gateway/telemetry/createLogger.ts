import { pino, type DestinationStream, type Logger } from 'pino';
import { traceFields } from '../../subgraphs/shared/telemetry/withSpan.js';

const LEVELS: Readonly<Record<number, string>> = { 10: 'trace', 20: 'debug', 30: 'info', 40: 'warn', 50: 'ERROR', 60: 'FATAL' };

/**
 * Logs go to standard error as JSON, one object a line; on a terminal as lines for people. Tokens and keys are never logged.
 * Lines that are written within a traced operation have its trace id.
 */
export function createLogger(stream: { write(text: string): unknown; isTTY?: boolean } = process.stderr): Logger {
  const target: DestinationStream = {
    write: (line) => void stream.write(stream.isTTY ? readable(line) : line),
  };
  return pino(
    {
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: ['authorization', '*.authorization'],
      mixin: traceFields,
    },
    target,
  );
}

function readable(line: string): string {
  const { level, time, msg, err, ...rest } = JSON.parse(line) as Record<string, unknown> & { err?: { stack?: string } };
  const details = Object.entries(rest).map(
    ([key, value]) => ` ${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const stack = err?.stack ? `\n${err.stack}` : '';
  return `${String(time).slice(11, 19)} ${LEVELS[Number(level)] ?? String(level)} ${String(msg)}${details.join('')}${stack}\n`;
}
