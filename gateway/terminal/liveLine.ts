import { cutTo } from './plainText.js';

export interface LiveLine {
  /** Instead of what was shown before. Where nothing can be shown in place, some of the texts become lines of their own. */
  show(text: string): void;
  /** Leaves the last text standing, and the cursor below it. */
  end(): void;
}

const REFRESH_MS = 100;
/** Where it is not a terminal, or one would fill a log with them. */
const LINE_EVERY_MS = 5_000;
const CLEAR = '\r\u001b[2K';

/** One line at the bottom of what a command prints, refreshed in place on a terminal, at most ten times a second. */
export function createLiveLine(out: NodeJS.WriteStream): LiveLine {
  let text = '';
  let printed = '';
  let timer: NodeJS.Timeout | undefined;
  const draw = (): void => {
    timer = undefined;
    if (text === printed) return;
    printed = text;
    out.write(out.isTTY ? `${CLEAR}${cutTo(text, (out.columns || 80) - 1)}` : `${text}\n`);
  };
  return {
    show: (next) => {
      text = next;
      timer ??= setTimeout(draw, out.isTTY ? REFRESH_MS : LINE_EVERY_MS);
    },
    end: () => {
      clearTimeout(timer);
      draw();
      if (out.isTTY && printed !== '') out.write('\n');
    },
  };
}
