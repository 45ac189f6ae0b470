/** Where an agent of transport DAPR is: a method of an app, or of one actor. */
export type DaprEndpoint =
  | { readonly kind: 'app'; readonly appId: string; readonly method: string }
  | { readonly kind: 'actor'; readonly actorType: string; readonly actorId: string; readonly method: string };

const APP = /^dapr:([A-Za-z0-9][A-Za-z0-9.-]{0,127})\/(.+)$/;
const ACTOR = /^dapr-actor:([A-Za-z][\w]{0,127})\/([\w.~@-]{1,128})\/([A-Za-z]\w{0,127})$/;
const METHOD = /^[\w.~-]+(\/[\w.~-]+)*$/;

/**
 * Reads `dapr:<app-id>/<method>` and `dapr-actor:<ActorType>/<actorId>/<method>`. A sidecar takes a whole URL in the place of an app
 * id and calls it; what could be one, or could step out of its place in the path, is not an endpoint. In words what is wrong, else.
 */
export function readDaprEndpoint(endpoint: string | null): DaprEndpoint | string {
  const app = APP.exec(endpoint ?? '');
  if (app && METHOD.test(app[2]!) && !hasDots(app[2]!.split('/'))) return { kind: 'app', appId: app[1]!, method: app[2]! };
  const actor = ACTOR.exec(endpoint ?? '');
  if (actor && !hasDots([actor[2]!])) return { kind: 'actor', actorType: actor[1]!, actorId: actor[2]!, method: actor[3]! };
  const said = endpoint === null ? 'it has no endpoint' : `its endpoint ${JSON.stringify(endpoint.slice(0, 200))} cannot be read`;
  return `${said}; a Dapr agent has dapr:<app-id>/<method> or dapr-actor:<ActorType>/<actorId>/<method>`;
}

/** Of the sidecar's HTTP API. */
export function daprPath(endpoint: DaprEndpoint): string {
  if (endpoint.kind === 'app') return `/v1.0/invoke/${endpoint.appId}/method/${endpoint.method}`;
  return `/v1.0/actors/${endpoint.actorType}/${endpoint.actorId}/method/${endpoint.method}`;
}

function hasDots(segments: readonly string[]): boolean {
  return segments.some((segment) => segment === '.' || segment === '..');
}
