import type { ApolloServer } from '@apollo/server';
import type { ExecutionResult } from 'graphql';
import type { IncomingHttpHeaders } from 'node:http';
import type { Logger } from 'pino';
import type { Caller } from '../context/authenticate.js';
import { createCall, type Call } from '../context/createCall.js';
import type { LazyAbort } from '../context/LazyAbort.js';
import { MeshError } from '../errors.js';
import type { SubsequentResult } from '../execution/Outcome.js';
import type { Operations } from '../pipeline/Operations.js';
import { validateOnce } from '../pipeline/validateOnce.js';
import { failedAnswer, type OperationAnswer } from './answer/Answer.js';
import type { CallHolder } from './createApollo.js';
import type { Documents, KnownOperation } from './documents/createDocuments.js';
import type { GraphqlRequest } from './request/graphqlRequest.js';
import { runOperation } from './runOperation.js';
import { runPrepared } from './runPrepared.js';

export interface PerformOptions {
  readonly apollo: ApolloServer<CallHolder>;
  readonly operations: Operations;
  readonly documents: Documents;
  readonly clock: () => number;
  readonly randomHex: (bytes: number) => string;
  readonly log: Logger;
}

/** Who asks, how, and what can be answered there. */
export interface Asking {
  readonly caller: Caller;
  readonly headers: IncomingHttpHeaders;
  /** GET or HEAD: nothing with an effect. */
  readonly isRead: boolean;
  /** Fires when the client is gone. */
  readonly gone: AbortSignal | LazyAbort;
  /** See CallOptions. */
  readonly onAnswersAlike?: (() => void) | undefined;
  readonly takesWhole: boolean;
  readonly takesParts: boolean;
  readonly takesEvents: boolean;
}

export type Outcome =
  | { readonly kind: 'whole'; readonly answer: OperationAnswer }
  | {
      readonly kind: 'parts';
      readonly answer: OperationAnswer;
      readonly rest: AsyncIterator<SubsequentResult>;
      readonly call: Call;
    }
  | { readonly kind: 'events'; readonly events: AsyncIterableIterator<ExecutionResult>; readonly traceId: string };

/**
 * One operation of a request: known document → within the limits → may be asked for in this way → executed. Never rejects: what fails is
 * an answer. Who gets parts ends the call after them; events end it by themselves.
 */
export function performOperation({ apollo, operations, documents, clock, randomHex, log }: PerformOptions) {
  return async (asked: GraphqlRequest, asking: Asking): Promise<Outcome> => {
    const { caller, headers, isRead, gone, takesParts, onAnswersAlike } = asking;
    let call: Call | undefined;
    let goesOn = false;
    try {
      const known = documents(asked);
      refuseWay(known, asking);
      const deadline = known.kind !== 'subscription';
      const alike = onAnswersAlike && { onAnswersAlike };
      call = createCall({ caller, headers, overGet: isRead, gone, clock, randomHex, deadline, ...alike });
      const { traceId } = call;
      if (known.kind === 'subscription') {
        const events = await subscribe(operations, known, asked, call);
        goesOn = true;
        return { kind: 'events', events, traceId };
      }
      const ran = known.prepared && (await runPrepared(operations, known.prepared, asked.variables, call, takesParts));
      const { answer, rest } = ran ?? (await runOperation(apollo, { ...asked, query: known.query }, call, takesParts));
      goesOn = rest !== null;
      return rest ? { kind: 'parts', answer, rest, call } : { kind: 'whole', answer };
    } catch (error) {
      return { kind: 'whole', answer: failedAnswer(error, call?.traceId ?? randomHex(16), log) };
    } finally {
      if (!goesOn) call?.end();
    }
  };
}

function refuseWay({ kind }: KnownOperation, { isRead, takesEvents, takesWhole, takesParts }: Asking): void {
  if (kind === 'mutation' && isRead) throw new MeshError('MUTATION_OVER_GET', 'Mutations have effects. Send them as POST.');
  if (kind === 'subscription' && !takesEvents)
    throw new MeshError(
      'SUBSCRIPTION_UNSUPPORTED',
      'Subscriptions are served over WebSocket (graphql-transport-ws), and over HTTP to who accepts text/event-stream or multipart/mixed;subscriptionSpec=1.0.',
    );
  if (kind !== 'subscription' && !takesWhole && !takesParts)
    throw new MeshError('NOT_ACCEPTABLE', 'Accept application/json or application/graphql-response+json.');
}

async function subscribe(
  operations: Operations,
  known: KnownOperation,
  { operationName, variables }: GraphqlRequest,
  call: Call,
): Promise<AsyncIterableIterator<ExecutionResult>> {
  const schema = operations.schema();
  const document = known.document();
  const [invalid] = validateOnce(schema, document);
  if (invalid) throw invalid;
  return operations.subscribe({ schema, document, operationName: operationName ?? undefined, variables }, call);
}
