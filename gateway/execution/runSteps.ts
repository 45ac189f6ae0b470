import { isOn, type Step, type Steps } from './compileSteps.js';
import type { Run } from './Run.js';
import { runFetch } from './runFetch.js';

/** Does what a plan says, adding to the answer what its fetches bring. Deferred steps are left to the run's parts. Never rejects. */
export async function runSteps(steps: Steps, run: Run): Promise<void> {
  const over: Promise<void>[] = [];
  for (const step of steps) {
    const { after } = step;
    const start = (): Promise<void> => runStep(step, run);
    if (after.length === 0) over.push(start());
    else if (after.length === 1) over.push(over[after[0]!]!.then(start));
    else over.push(Promise.all(after.map((index) => over[index])).then(start));
  }
  await Promise.all(over);
}

/** What is not over yet, in its order. */
export async function runRest(steps: Steps, run: Run, over: ReadonlySet<Step>): Promise<void> {
  for (const step of steps) if (!over.has(step)) await runStep(step, run);
}

async function runStep(step: Step, run: Run): Promise<void> {
  if (!isOn(step, run.variables)) return;
  const { work } = step;
  if (work.kind === 'fetch') {
    await runFetch(work, run);
    run.over?.add(step);
    const { id } = work.node;
    if (id !== undefined) run.parts?.fetched(id);
    return;
  }
  const primary = runSteps(work.primary, run);
  for (const deferred of work.deferred) run.parts!.defer(deferred, primary, run);
  return primary;
}
