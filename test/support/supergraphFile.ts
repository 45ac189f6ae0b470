import { readFile, rename, writeFile } from 'node:fs/promises';

/** A supergraph of the shop, and the same without `Review.text`. */
export async function withAndWithoutText(file: string): Promise<{ whole: string; without: string }> {
  const whole = await readFile(file, 'utf8');
  const without = whole.replace(/\n {2}text: String\n/, '\n');
  if (without === whole) throw new Error('the shop has no reviews with a text');
  return { whole, without };
}

/** As editors do it: never half-written. */
export async function replaceFile(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}
