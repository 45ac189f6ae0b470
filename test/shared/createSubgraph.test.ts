import { expect, it } from 'vitest';
import { createLogger } from '../../gateway/telemetry/createLogger.js';
import { modelsSubgraph } from '../../subgraphs/models/server.js';
import { ADMIN, openSubgraph } from '../support/openSubgraph.js';

it('logs why a resolver failed under the trace id of the operation, and tells the caller nothing of it', async () => {
  let lines = '';
  const log = createLogger({ write: (line) => (lines += line) });
  const resolvers = {
    Query: {
      model: () => {
        throw new TypeError('hunter2');
      },
    },
  };
  const opened = await openSubgraph({ ...modelsSubgraph, resolvers }, undefined, { log });
  const traceId = 'a'.repeat(32);
  const context = { principal: ADMIN, operationId: 'op', deadlineAt: Infinity, traceparent: `00-${traceId}-00f067aa0ba902b7-00` };
  const { errors } = await opened.subgraph.execute({ query: '{ model(id: "x") { id } }' }, context);
  expect(errors).toMatchObject([{ message: 'Internal error', extensions: { code: 'INTERNAL_SERVER_ERROR', operationId: 'op' } }]);
  expect(JSON.parse(lines)).toMatchObject({ msg: 'a resolver failed', traceId, operationId: 'op', err: { message: 'hunter2' } });
  await opened.close();
});
