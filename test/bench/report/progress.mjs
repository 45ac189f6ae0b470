const startedAt = Date.now();

/** Says on standard error what is going on: on a terminal one line that changes, elsewhere a line each. */
export function tell(what) {
  const seconds = Math.round((Date.now() - startedAt) / 1000);
  const line = `[${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}] ${what}`;
  process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${line}` : `${line}\n`);
}

/** Before something else is printed. */
export function tellNothing() {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
}
