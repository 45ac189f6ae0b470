import type { Logger } from 'pino';
import { failedAnswer, textOf } from '../answer/Answer.js';
import type { Exchange } from '../answer/writeAnswer.js';
import { pump } from './pump.js';
import type { Streams } from './createStreams.js';
import type { StreamForm } from './StreamForm.js';

/**
 * Writes a source of results until it ends or the client leaves. A source that fails ends the stream with the error. Never rejects.
 * `first`: a JSON text that is there already.
 */
export async function serveStream<Value>(
  streams: Streams,
  exchange: Exchange,
  form: StreamForm,
  { source, first, traceId, log }: { source: AsyncIterator<Value>; first?: string; traceId: string; log: Logger },
): Promise<void> {
  const outlet = streams.open(exchange, form);
  try {
    if (first !== undefined) await outlet.write(form.event(first));
    await pump(source, exchange.gone, (value) => outlet.write(form.event(JSON.stringify(value))));
    outlet.end(form.end);
  } catch (error) {
    outlet.end(form.failure(textOf(failedAnswer(error, traceId, log))));
  }
}
