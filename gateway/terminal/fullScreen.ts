const ENTER = '\u001b[?1049h\u001b[?25l\u001b[2J';
const LEAVE = '\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const TO_LINE_END = '\u001b[K';
const TO_SCREEN_END = '\u001b[J';

export interface FullScreen {
  /** Shows the lines instead of what was there, without a flicker. */
  draw(lines: readonly string[]): void;
  /** The terminal as it was before, its cursor too. Can be called again and from an exit handler. */
  leave(): void;
}

/** Takes the alternate screen of a terminal. */
export function enterFullScreen(out: NodeJS.WriteStream): FullScreen {
  let entered = true;
  out.write(ENTER);
  return {
    draw: (lines) => {
      if (entered) out.write(`${HOME}${lines.map((line) => `${line}${TO_LINE_END}`).join('\r\n')}${TO_SCREEN_END}`);
    },
    leave: () => {
      if (entered) out.write(LEAVE);
      entered = false;
    },
  };
}
