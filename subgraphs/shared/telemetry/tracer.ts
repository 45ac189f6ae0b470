import type { Tracer } from '@opentelemetry/api';

let registered: Tracer | undefined;

/** Undefined: this process exports no traces, and asking is all that tracing costs it. */
export function tracer(): Tracer | undefined {
  return registered;
}

/** Called once at the start of a process that exports traces, before anything is built that may be traced. */
export function useTracer(given: Tracer | undefined): void {
  registered = given;
}
