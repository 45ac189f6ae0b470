// Everything that is not to be seen: C0 and C1 controls, and the marks that turn the direction of writing.
// oxlint-disable-next-line no-control-regex
const INVISIBLE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Text from elsewhere, so that it can neither move the cursor nor colour the screen. */
export function plainText(text: string): string {
  return text.replace(INVISIBLE, ' ');
}

/** At most `width` characters, the last a dot dot dot when something is cut off. */
export function cutTo(text: string, width: number): string {
  const characters = [...text];
  if (characters.length <= width) return text;
  return width <= 1 ? characters.slice(0, Math.max(0, width)).join('') : `${characters.slice(0, width - 1).join('')}…`;
}

/** Exactly `width` characters, on the left or on the right of them. */
export function padTo(text: string, width: number, side: 'left' | 'right'): string {
  const cut = cutTo(text, width);
  const space = ' '.repeat(Math.max(0, width - [...cut].length));
  return side === 'left' ? cut + space : space + cut;
}
