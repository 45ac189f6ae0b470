import { errorPlaces } from '../../support/errorPlaces.js';
export interface Answer {
  readonly data?: unknown;
  readonly errors?: readonly { readonly path?: readonly (string | number)[] | undefined }[] | undefined;
}

/**
 * What is different, or null. Data must be equal down to the order of keys in its JSON text. Errors must be at the same places up to the
 * first null: once a non-null failure has made something null, the specification leaves open which further ones are reported.
 *
 * `around`: what a subgraph that is down leaves uncomputed may be told of at the object around it, where the client's own fields end.
 *
 * `denied`: what a caller may not have is told of once for all items of a list, even of an empty one, so there only those places must be
 * told of that the oracle names.
 */
export function compareAnswers(expected: Answer, got: Answer, { denied = false, around = false } = {}): string | null {
  if (JSON.stringify(expected.data) !== JSON.stringify(got.data)) return 'data';
  const [wanted, told] = [errorPlaces(expected), errorPlaces(got)];
  const isTold = (place: string): boolean => {
    const named = withoutIndices(place.split('.'));
    return (got.errors ?? []).some(({ path = [] }) => `${withoutIndices(path)}.`.startsWith(named === '' ? '' : `${named}.`));
  };
  const isSame = (place: string, named: string): boolean =>
    place === named || (around && place === named.split('.').slice(0, -1).join('.'));
  const missing = wanted.filter((place) => (denied ? !isTold(place) : !told.some((each) => isSame(each, place))));
  const invented = denied ? [] : told.filter((place) => !wanted.some((each) => isSame(place, each)));
  if (missing.length > 0) return `no error at ${missing.map(quote).join(', ')}`;
  return invented.length > 0 ? `an error at ${invented.map(quote).join(', ')}` : null;
}

function withoutIndices(path: readonly (string | number)[]): string {
  return path.filter((step) => !/^\d+$/.test(String(step))).join('.');
}

function quote(place: string): string {
  return place === '' ? 'the root' : place;
}
