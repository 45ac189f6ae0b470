import { MeshError } from '../errors.js';

const MAX_LEVELS = 500;
const [QUOTE, BACKSLASH, OPEN_LIST, OPEN_OBJECT, CLOSE_LIST, CLOSE_OBJECT] = [...'"\\[{]}'].map((sign) => sign.charCodeAt(0));

/**
 * Refuses JSON that is nested over 500 levels, by its text: much of what looks at values calls itself for every level, and a few
 * kilobytes of brackets would exhaust the stack. Throws BAD_USER_INPUT. What is not JSON is somebody else's to say.
 */
export function refuseDeepJson(text: string): void {
  let levels = 0;
  let inString = false;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (inString) {
      if (code === BACKSLASH) index++;
      else if (code === QUOTE) inString = false;
    } else if (code === QUOTE) inString = true;
    else if (code === OPEN_LIST || code === OPEN_OBJECT) levels++;
    else if (code === CLOSE_LIST || code === CLOSE_OBJECT) levels--;
    if (levels > MAX_LEVELS)
      throw new MeshError('BAD_USER_INPUT', `The JSON is nested over ${MAX_LEVELS} levels. Send it flatter.`);
  }
}
