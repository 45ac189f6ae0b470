/** W3C Trace Context, level 1: https://www.w3.org/TR/trace-context/#traceparent-header */
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const ZEROS = /^0+$/;

export interface TraceContext {
  readonly traceId: string;
  /** Of this gateway's part, for those that it calls. */
  readonly traceparent: string;
}

/**
 * Where this process exports traces, `active` has decided already. Otherwise continues the caller's trace, or starts one when the header is
 * missing or malformed (the specification asks for that).
 */
export function traceContext(header: string | undefined, randomHex: (bytes: number) => string, active?: string): TraceContext {
  if (active !== undefined) return { traceId: TRACEPARENT.exec(active)![1]!, traceparent: active };
  const match = TRACEPARENT.exec(header ?? '');
  const valid = match && !ZEROS.test(match[1]!) && !ZEROS.test(match[2]!);
  const traceId = valid ? match[1]! : randomHex(16);
  return { traceId, traceparent: `00-${traceId}-${randomHex(8)}-${valid ? match[3]! : '00'}` };
}
