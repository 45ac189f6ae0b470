import { withoutEnd } from './promptText.js';

/** Words that carry no subject: articles, pronouns, auxiliaries, what a question is made of. */
const STOP_WORDS = new Set(
  (
    'a about all also am an and any are as at be been but by can could did do does done each for from get give given go had has have ' +
    'he her here him his how i if in into is it its just know let like many may me mean means might much must my need no not of on ' +
    'one only or other our out please shall she should so some tell than that the their them then there these they thing this those ' +
    'to too up us use used using want was way we were what when where whether which while who whom whose why will with would yes ' +
    'you your happen happens explain called say says first'
  ).split(' '),
);

/** English verbs whose forms no ending tells. */
const IRREGULAR = new Map(
  (
    'broke:break broken:break built:build chose:choose chosen:choose cut:cut died:die dead:die dies:die fell:fall found:find ' +
    'gave:give given:give gone:go held:hold hidden:hide kept:keep knew:know known:know left:leave made:make met:meet paid:pay ' +
    'ran:run said:say sent:send sold:sell shown:show spent:spend spoken:speak taken:take told:tell took:take went:go won:win written:write ' +
    'wrote:write began:begin begun:begin'
  )
    .split(' ')
    .map((pair) => pair.split(':') as [string, string]),
);

/** The words of a text that say something, each once, in the form that they are compared in. */
export function termsOf(text: string): ReadonlySet<string> {
  return new Set(wordsOf(text).flatMap((word) => toTerm(word) ?? []));
}

/** The form in which a word is compared with others. Null: it says nothing. */
export function toTerm(word: string): string | null {
  return STOP_WORDS.has(word) ? null : stem(word);
}

/** Lower case. `NO_ROUTE` and `costUsd` are found whole and by their parts. */
export function wordsOf(text: string): string[] {
  return (text.match(/[@\p{L}\p{N}_.]+/gu) ?? []).flatMap((found) => {
    const word = withoutEnd(found, /[@.]/);
    if (word === '') return [];
    const parts = word
      .replace(/([a-z])([A-Z])/g, '$1 $2')
      .split(/[\s_.@]+/)
      .filter((part) => part.length > 0);
    // "GET" is no article of speech.
    if (/^[A-Z]{2,}$/.test(word) && STOP_WORDS.has(word.toLowerCase())) return [word];
    return parts.length > 1 || parts[0] !== word
      ? [word.toLowerCase(), ...parts.map((part) => part.toLowerCase())]
      : [word.toLowerCase()];
  });
}

/** Only what English endings need most: "resumed", "resuming" and "resumes" are `resum`, "denied" is `deny`. */
export function stem(word: string): string {
  if (!/^[a-z]{3,}$/.test(word)) return word;
  const regular = IRREGULAR.get(word) ?? word;
  const singular = regular
    .replace(/ie[sd]$/, 'y')
    .replace(/(ss|x|ch|sh|zz)es$/, '$1')
    .replace(/([^sui])s$/, '$1');
  const root = singular
    .replace(/^(.*[aeiouy].*)(?:ing|ed)$/, (whole, left: string) => (left.length < 3 ? whole : left))
    .replace(/^(.{4,})at(?:e|ion|or)?$/, '$1')
    .replace(/([bdgklmnprt])\1$/, '$1');
  return root.length > 3 ? root.replace(/e$/, '') : root;
}
