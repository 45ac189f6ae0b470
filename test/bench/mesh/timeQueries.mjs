import { Agent, request } from 'node:http';

/** Durations in milliseconds of `count` requests, one after the other over one kept connection, as a client on this machine sees them. */
export async function timeQueries(url, query, count) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const body = JSON.stringify({ query });
  const durations = [];
  for (let n = 0; n < count; n++) {
    const before = performance.now();
    const text = await post(`${url}/graphql`, body, agent);
    durations.push(performance.now() - before);
    const answer = JSON.parse(text);
    if (answer.errors) throw new Error(JSON.stringify(answer.errors));
  }
  agent.destroy();
  return durations;
}

function post(url, body, agent) {
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    authorization: 'Bearer dev-admin',
  };
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => (text += chunk));
      response.once('end', () => resolve(text));
      response.once('error', reject);
    });
    sent.once('error', reject);
    sent.end(body);
  });
}
