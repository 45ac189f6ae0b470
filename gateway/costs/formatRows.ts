import { FOCUS_COLUMNS, isNumeric, type FocusRow } from './focusRows.js';

/** How rows are written, piece by piece. */
export interface RowFormat {
  readonly begin: string;
  /** Between two rows. */
  readonly between: string;
  readonly end: string;
  row(row: FocusRow): string;
}

export const FORMATS: Readonly<Record<'csv' | 'json', RowFormat>> = {
  /** RFC 4180. Null is an empty field. */
  csv: {
    begin: `${FOCUS_COLUMNS.join(',')}\r\n`,
    between: '\r\n',
    end: '\r\n',
    row: (row) => FOCUS_COLUMNS.map((column) => csvField(row[column])).join(','),
  },
  /** One array, a row on each line. Numbers are written with all their digits, as JSON allows; who reads them as floats rounds them. */
  json: {
    begin: '[\n',
    between: ',\n',
    end: '\n]\n',
    row: (row) =>
      `{${FOCUS_COLUMNS.map((column) => {
        const value = row[column];
        return `${JSON.stringify(column)}:${value !== null && isNumeric(column) ? value : JSON.stringify(value)}`;
      }).join(',')}}`,
  },
};

function csvField(value: string | null): string {
  if (value === null) return '';
  // An empty text in quotes is none that is missing.
  return value === '' || /[",\r\n]|^\s|\s$/u.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
