export interface Answer {
  readonly data?: unknown;
  readonly errors?: readonly { readonly path?: readonly (string | number)[] | undefined }[] | undefined;
}

/**
 * What is different, or null. Data must be equal down to the order of keys in its JSON text. Errors must be at the same places up to the
 * first null: once a non-null failure has made something null, the specification leaves open which further ones are reported.
 *
 * `denied`: what a caller may not have is told of once for all items of a list, even of an empty one, so there only those places must be
 * told of that the oracle names.
 */
export function compareAnswers(expected: Answer, got: Answer, { denied = false } = {}): string | null {
  if (JSON.stringify(expected.data) !== JSON.stringify(got.data)) return 'data';
  const [wanted, told] = [expected, got].map((answer) => placesOf(answer, denied)) as [string[], string[]];
  const missing = wanted.filter((place) => !told.includes(place));
  const invented = denied ? [] : told.filter((place) => !wanted.includes(place));
  if (missing.length > 0) return `no error at ${missing.map(quote).join(', ')}`;
  return invented.length > 0 ? `an error at ${invented.map(quote).join(', ')}` : null;
}

export function placesOf({ data, errors = [] }: Answer, withoutIndices = false): string[] {
  const upToNull = (path: readonly (string | number)[]): string => {
    if (withoutIndices) return path.filter((step) => typeof step === 'string').join('.');
    let value = data;
    const shown: (string | number)[] = [];
    for (const step of path) {
      if (value === null || value === undefined) break;
      value = (value as Record<string | number, unknown>)[step];
      shown.push(step);
    }
    return shown.join('.');
  };
  return [...new Set(errors.map(({ path = [] }) => upToNull(path)))].sort();
}

function quote(place: string): string {
  return place === '' ? 'the root' : place;
}
