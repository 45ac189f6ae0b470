import type { ModelConnection } from '../../shared/snapshot.js';

/** The value of an environment variable that begins with MESH_MODEL_KEY_; undefined: it is not set. */
export type ModelKeys = (name: string) => string | undefined;

export type ModelKey = { readonly ok: true; readonly key: string | null } | { readonly ok: false; readonly why: string };

const NAME = /^MESH_MODEL_KEY_[A-Z0-9_]+$/;
const HOSTS_SUFFIX = '_HOSTS';

/**
 * The key that a model is called with (null: without one). A key goes only to hosts that the operator lists in `<its variable>_HOSTS`:
 * whoever may register a model could otherwise have any key sent anywhere. No message holds a key.
 */
export function readModelKey({ endpoint, apiKeyEnv }: ModelConnection, keys: ModelKeys): ModelKey {
  if (apiKeyEnv === null) return { ok: true, key: null };
  if (!NAME.test(apiKeyEnv) || apiKeyEnv.endsWith(HOSTS_SUFFIX))
    return { ok: false, why: 'the variable of its key is not called MESH_MODEL_KEY_…' };
  const key = keys(apiKeyEnv)?.trim();
  if (!key) return { ok: false, why: `${apiKeyEnv} is not set where the agents subgraph runs` };
  if (/[^\x21-\x7e]/.test(key))
    return { ok: false, why: `${apiKeyEnv} does not hold a key: it has characters that no header takes` };
  const { hostname, host, protocol } = new URL(endpoint ?? 'http://nowhere.invalid');
  const withPort = host === hostname ? `${hostname}:${protocol === 'https:' ? 443 : 80}` : host;
  const hosts = (keys(`${apiKeyEnv}${HOSTS_SUFFIX}`) ?? '').split(',');
  const allowed = new Set(hosts.map((entry) => entry.trim().toLowerCase()));
  if (allowed.has(hostname) || allowed.has(withPort)) return { ok: true, key };
  return { ok: false, why: `${apiKeyEnv}${HOSTS_SUFFIX} does not name ${host}, so the key is not sent there` };
}
