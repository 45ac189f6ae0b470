import {
  context,
  isSpanContextValid,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Span,
  type SpanContext,
} from '@opentelemetry/api';
import { errorTypeOf } from './errorTypeOf.js';
import { formatTraceparent, parseTraceparent } from './traceparent.js';
import { tracer } from './tracer.js';

/** What work may say of the span around it. */
export interface OpenSpan {
  set(attributes: Attributes): void;
  /** It did not end well though nothing was thrown; `type` is a code, never somebody's words. */
  failed(type: string): void;
}

export interface SpanOptions {
  readonly kind?: SpanKind;
  readonly attributes?: Attributes;
  /**
   * A traceparent: the span continues that trace, whatever is active here. Null (or one that is malformed): it begins a trace of its own.
   * Left out: it belongs to the span that is active, and where none is nothing is traced, so that pollers and workers leave no traces.
   */
  readonly from?: string | null | undefined;
  /** Traceparents of what the span has to do with but does not belong to. */
  readonly links?: readonly string[];
}

const CODE = /^\w{1,60}$/;
const UNTRACED: OpenSpan = { set: () => undefined, failed: () => undefined };

/**
 * Runs `work` inside a span, synchronous or not, and returns or rejects as it does. Without a tracer it only calls `work`.
 * Of errors the span gets the code alone: messages may hold what callers wrote.
 */
export function withSpan<T>(name: string, options: SpanOptions, work: (span: OpenSpan) => T): T {
  const active = tracer();
  const parent = active && parentOf(options);
  if (!active || !parent) return work(UNTRACED);
  const { kind = SpanKind.INTERNAL, attributes = {}, links = [] } = options;
  const linked = links.flatMap((text) => parseTraceparent(text) ?? []).map((spanContext) => ({ context: spanContext }));
  const span = active.startSpan(name, { kind, attributes, links: linked }, parent);
  return context.with(trace.setSpan(parent, span), () => endAfter(span, work));
}

function parentOf({ from }: SpanOptions): Context | undefined {
  if (from === undefined) return trace.getActiveSpan() && context.active();
  const parent = from === null ? null : parseTraceparent(from);
  return parent ? trace.setSpanContext(ROOT_CONTEXT, { ...parent, isRemote: true }) : ROOT_CONTEXT;
}

function endAfter<T>(span: Span, work: (span: OpenSpan) => T): T {
  const failed = (given: string): void => {
    // Codes of other teams' subgraphs are their words.
    const type = CODE.test(given) ? given : '_OTHER';
    span.setAttribute('error.type', type).setStatus({ code: SpanStatusCode.ERROR, message: type });
  };
  const fail = (error: unknown): never => {
    failed(errorTypeOf(error));
    span.end();
    throw error;
  };
  try {
    const result = work({ set: (attributes) => void span.setAttributes(attributes), failed });
    if (result instanceof Promise) {
      return result.then((value: unknown) => {
        span.end();
        return value;
      }, fail) as T;
    }
    span.end();
    return result;
  } catch (error) {
    return fail(error);
  }
}

/** Tells more of the active span, once it is known, and may give it a better name. */
export function describeSpan(attributes: Attributes, name?: string): void {
  const span = tracer() && trace.getActiveSpan();
  span?.setAttributes(attributes);
  if (name !== undefined) span?.updateName(name);
}

/** W3C traceparent of the active span, for whoever goes on with its work. Undefined: nothing is traced here. */
export function currentTraceparent(): string | undefined {
  const found = activeContext();
  return found && formatTraceparent(found);
}

/** Runs `work` outside of any trace: what it starts lives longer than the operation that happens to start it, and belongs to none. */
export function untraced<T>(work: () => T): T {
  return tracer() ? context.with(ROOT_CONTEXT, work) : work();
}

/** For each line of the log: the trace that it was written in. */
export function traceFields(): { traceId?: string; spanId?: string } {
  const found = activeContext();
  return found ? { traceId: found.traceId, spanId: found.spanId } : {};
}

/** With OTEL_SDK_DISABLED spans are open that have no ids. */
function activeContext(): SpanContext | undefined {
  const found = tracer() && trace.getActiveSpan()?.spanContext();
  return found && isSpanContextValid(found) ? found : undefined;
}
