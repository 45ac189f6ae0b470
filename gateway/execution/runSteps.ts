import type { Step } from './compileSteps.js';
import type { Run } from './Run.js';
import { runFetch } from './runFetch.js';

/** Does what a plan says, adding to the answer what its fetches bring. Never rejects. */
export async function runSteps(step: Step | undefined, run: Run): Promise<void> {
  if (!step) return;
  switch (step.kind) {
    case 'sequence':
      for (const each of step.steps) await runSteps(each, run);
      return;
    case 'parallel':
      await Promise.all(step.steps.map((branch) => runSteps(branch, run)));
      return;
    case 'condition':
      return runSteps(run.variables[step.variable] ? step.held : step.otherwise, run);
    case 'fetch':
      return runFetch(step, run);
  }
}
