/** A business refusal of a mutation: nothing was changed, and `path` names what in the arguments it is about. */
export interface UserError {
  readonly code: string;
  readonly message: string;
  readonly path: readonly string[];
}

export function badInput(path: readonly string[], message: string): UserError {
  return { code: 'BAD_USER_INPUT', message, path };
}

export function notFound(what: string, id: string): UserError {
  return { code: 'NOT_FOUND', message: `There is no ${what} "${id}" in your tenant.`, path: ['id'] };
}

const ID = /^[^\p{Cc}\s](?:[^\p{Cc}]{0,198}[^\p{Cc}\s])?$/u;

/** 1 to 200 characters, none of them control characters, no space at either end. */
export function isValidId(id: string): boolean {
  return ID.test(id);
}
