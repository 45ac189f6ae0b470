import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:http';

/**
 * @typedef {string | number | boolean | (string | number | boolean)[]} Value
 * @typedef {object} Span
 * @property {string} service
 * @property {string} traceId
 * @property {string} spanId
 * @property {string | null} parentId
 * @property {string} name
 * @property {string} kind
 * @property {number} startMs
 * @property {number} endMs
 * @property {Record<string, Value>} attributes
 * @property {string | null} error
 * @property {{traceId: string, spanId: string}[]} links
 */

const KINDS = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'];

/**
 * A collector for looking at traces without installing one: takes OTLP/HTTP as JSON on a free port, keeps the spans, and writes what it was
 * sent to `file`, a request a line. Not for production: it keeps everything in memory.
 * @param {string | null} file
 */
export async function startFileCollector(file = null) {
  /** @type {Span[]} */
  const spans = [];
  /** @type {Set<() => void>} */
  const waiting = new Set();
  /** @type {string[]} */
  const bodies = [];
  const stream = file === null ? null : createWriteStream(file);
  const server = createServer((request, response) => {
    /** @type {Buffer[]} */
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      stream?.write(`${body}\n`);
      bodies.push(body);
      if (request.url === '/v1/traces') spans.push(...spansOf(JSON.parse(body)));
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      for (const look of waiting) look();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${port}`,
    spans: () => spans,
    /** Everything that was sent, as it came. */
    text: () => bodies.join('\n'),
    /**
     * Resolves to the spans of a trace once they satisfy `enough`.
     * @param {string} traceId
     * @param {(spans: Span[]) => boolean} enough
     * @returns {Promise<Span[]>}
     */
    trace: (traceId, enough) =>
      new Promise((resolve) => {
        const look = () => {
          const found = spans.filter((span) => span.traceId === traceId);
          if (!enough(found)) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
    close: async () => {
      server.close();
      server.closeAllConnections();
      if (stream) await new Promise((resolve) => stream.end(() => resolve(undefined)));
    },
  };
}

/**
 * @param {any} request an ExportTraceServiceRequest
 * @returns {Span[]}
 */
function spansOf(request) {
  return request.resourceSpans.flatMap((/** @type {any} */ { resource, scopeSpans }) =>
    scopeSpans.flatMap((/** @type {any} */ scope) =>
      scope.spans.map((/** @type {any} */ span) => ({
        service: String(attributesOf(resource.attributes)['service.name']),
        traceId: span.traceId,
        spanId: span.spanId,
        parentId: span.parentSpanId || null,
        name: span.name,
        kind: KINDS[span.kind],
        startMs: Number(span.startTimeUnixNano) / 1e6,
        endMs: Number(span.endTimeUnixNano) / 1e6,
        attributes: attributesOf(span.attributes),
        error: span.status?.code === 2 ? (span.status.message ?? '') : null,
        links: (span.links ?? []).map((/** @type {any} */ link) => ({ traceId: link.traceId, spanId: link.spanId })),
      })),
    ),
  );
}

/**
 * @param {any[]} list
 * @returns {Record<string, Value>}
 */
function attributesOf(list = []) {
  return Object.fromEntries(list.map(({ key, value }) => [key, valueOf(value)]));
}

/** @param {any} value an AnyValue @returns {Value} */
function valueOf(value) {
  if (value.arrayValue) return value.arrayValue.values.map(valueOf);
  if ('intValue' in value) return Number(value.intValue);
  return value.stringValue ?? value.boolValue ?? value.doubleValue;
}
