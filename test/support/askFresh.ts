import { once } from 'node:events';
import { request as httpRequest, type Agent, type ClientRequest, type IncomingMessage } from 'node:http';

export interface Ask {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Left out: a connection for this request alone. */
  readonly agent?: Agent;
}

/** Sends a request, over a new connection unless told otherwise, and resolves with the head of its answer. */
export async function begin(
  url: string,
  { method = 'POST', path = '/graphql', headers = {}, body, agent }: Ask,
): Promise<{ request: ClientRequest; response: IncomingMessage }> {
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  const request = httpRequest(`${url}${path}`, { method, headers: { ...type, ...headers }, agent: agent ?? false });
  request.end(body === undefined ? undefined : JSON.stringify(body));
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return { request, response };
}

/** As `begin`, with the whole text. */
export async function ask(url: string, asked: Ask): Promise<{ status: number; text: string }> {
  const { response } = await begin(url, asked);
  return { status: response.statusCode!, text: await textOf(response) };
}

export async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += String(chunk);
  return text;
}
