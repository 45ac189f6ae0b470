/** One thing that the project's documentation says. */
export interface Passage {
  /** Where it stands: `README.md, Settings`. */
  readonly source: string;
  /** What it is called where it is called anything: a setting, a code, a type, a field. */
  readonly name: string | null;
  readonly heading: string;
  readonly text: string;
  /** What it is said about: the sentence that leads in to a list, the heads of a table. Found, but not told. */
  readonly context: string;
  /** How much it explains beside others that hold the same words: prose 1, a lone field of a type less. */
  readonly weight: number;
}
