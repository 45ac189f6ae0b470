// The four subgraphs in one process, each on a port of its own: `node serve.mjs`. Tells the ports to its parent and ends with it.
import { createServer } from 'node:http';
import { createAnswers } from './createAnswers.mjs';
import { executableSchemaOf, subgraphNames } from './subgraphSchemas.mjs';

const urls = {};
let requests = 0;
for (const name of subgraphNames) {
  const server = createServer(respond(createAnswers(executableSchemaOf(name))));
  // Idle connections stay: a gateway that waits for its turn would otherwise begin it with broken ones.
  server.keepAliveTimeout = 0;
  server.requestTimeout = 0;
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  urls[name] = `http://127.0.0.1:${server.address().port}/graphql`;
}
process.send(urls);
process.on('message', () => process.send({ requests }));
process.once('disconnect', () => process.exit());

function respond(answerTo) {
  return (request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.once('end', async () => {
      requests++;
      const body = chunks.length === 1 ? chunks[0].latin1Slice() : Buffer.concat(chunks).latin1Slice();
      try {
        const bytes = await answerTo(body);
        response.writeHead(200, ['content-type', 'application/json', 'content-length', String(bytes.length)]);
        response.end(bytes);
      } catch (error) {
        response.writeHead(400, { 'content-type': 'text/plain' });
        response.end(String(error));
      }
    });
  };
}
