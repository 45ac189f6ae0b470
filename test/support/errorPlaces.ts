interface Answer {
  readonly data?: unknown;
  readonly errors?: readonly { readonly path?: readonly (string | number)[] | undefined }[] | undefined;
}

/**
 * Where the errors are, up to the first null of the answer: once a non-null failure has made something null, the specification leaves
 * open which further errors beneath it are reported.
 */
export function errorPlaces({ data, errors = [] }: Answer): string[] {
  const upToNull = (path: readonly (string | number)[]): string => {
    let value = data;
    const shown: (string | number)[] = [];
    for (const step of path) {
      if (value === null || value === undefined) break;
      value = (value as Record<string | number, unknown>)[step];
      shown.push(step);
    }
    return shown.join('.');
  };
  return [...new Set(errors.map(({ path = [] }) => upToNull(path)))].toSorted();
}
