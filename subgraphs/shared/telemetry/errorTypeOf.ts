/** `error.type`: a code (ours, an SQLSTATE, the system's), else the error's class. Never its message, which may hold what callers wrote. */
export function errorTypeOf(error: unknown): string {
  if (!(error instanceof Error)) return '_OTHER';
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^\w{1,60}$/.test(code) ? code : error.name;
}
