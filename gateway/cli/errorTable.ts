import { ERRORS, type ErrorCode } from '../errors.js';

/** Every error code as a Markdown table, as it stands in the README. */
export function errorTable(): string {
  const rows = (Object.keys(ERRORS) as ErrorCode[]).sort().map((code) => {
    const { audience, httpStatus, meaning } = ERRORS[code];
    return `| \`${code}\` | ${audience} | ${httpStatus} | ${meaning} |`;
  });
  return ['| Code | For | HTTP | Meaning and way out |', '|---|---|---|---|', ...rows].join('\n');
}
