import { readFileSync } from 'node:fs';

const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4096;

/**
 * CPU seconds so far and resident bytes of a process, with all that it has started unless it is this one. Children that ended count
 * with their parent.
 */
export function usageOf(pid) {
  let cpuSeconds = 0;
  let rssBytes = 0;
  for (const member of pid === process.pid ? [pid] : treeOf(pid)) {
    // The name may have blanks and brackets: fields are counted from behind it.
    const fields = read(`/proc/${member}/stat`)
      ?.replace(/^.*\) /s, '')
      .split(' ');
    if (!fields) continue;
    const [user, system, childrenUser, childrenSystem] = fields.slice(11, 15).map(Number);
    cpuSeconds += (user + system + childrenUser + childrenSystem) / TICKS_PER_SECOND;
    rssBytes += Number(fields[21]) * PAGE_BYTES;
  }
  return { cpuSeconds, rssBytes };
}

function treeOf(pid) {
  const children = read(`/proc/${pid}/task/${pid}/children`)?.trim().split(' ').filter(Boolean) ?? [];
  return [pid, ...children.flatMap((child) => treeOf(Number(child)))];
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
