type Phrase = readonly [words: readonly string[], symbols: readonly string[]];

/** Phrases by their first word, the longest first. */
export type PhraseTable = ReadonlyMap<string, readonly Phrase[]>;

/** From what a phrase is written as to its spellings. */
export function phraseTable(phrases: Readonly<Record<string, readonly string[]>>): PhraseTable {
  const table = new Map<string, Phrase[]>();
  for (const [symbols, spellings] of Object.entries(phrases)) {
    for (const spelling of spellings) {
      const words = spelling.split(' ');
      table.set(words[0]!, [...(table.get(words[0]!) ?? []), [words, symbols.split(' ')]]);
    }
  }
  for (const list of table.values()) list.sort(([a], [b]) => b.length - a.length);
  return table;
}

/** The longest phrase that begins here. */
export function phraseAt(
  tokens: readonly string[],
  at: number,
  table: PhraseTable,
): { length: number; symbols: readonly string[] } | undefined {
  for (const [words, symbols] of table.get(tokens[at] ?? '') ?? []) {
    if (words.every((word, index) => tokens[at + index] === word)) return { length: words.length, symbols };
  }
  return undefined;
}

export function replacePhrases(tokens: readonly string[], table: PhraseTable): string[] {
  const out: string[] = [];
  for (let at = 0; at < tokens.length;) {
    const found = phraseAt(tokens, at, table);
    out.push(...(found?.symbols ?? [tokens[at]!]));
    at += found?.length ?? 1;
  }
  return out;
}
