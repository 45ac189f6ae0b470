import { request } from 'node:http';

/** One request over a connection of its own: the status and the parsed answer, or its text when it is no JSON. */
export function postJson(url, body, { headers = {}, timeoutMs = 10_000 } = {}) {
  const bytes = Buffer.from(JSON.stringify(body));
  return new Promise((resolve, reject) => {
    const options = {
      method: 'POST',
      agent: false,
      timeout: timeoutMs,
      headers: { 'content-type': 'application/json', accept: 'application/json', 'content-length': bytes.length, ...headers },
    };
    const sent = request(url, options, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => (text += chunk));
      response.once('error', reject);
      response.once('end', () => resolve({ status: response.statusCode, json: parsed(text) }));
    });
    sent.once('timeout', () => sent.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    sent.once('error', reject);
    sent.end(bytes);
  });
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
