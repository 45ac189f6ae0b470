import type { Step } from './compileSteps.js';
import type { Run } from './Run.js';
import { runFetch } from './runFetch.js';

/** Does what a plan says, adding to the answer what its fetches bring. Deferred steps are left to the run's parts. Never rejects. */
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
      await runFetch(step, run);
      for (const id of step.ids) run.parts?.fetched(id);
      return;
    case 'defer': {
      const primary = runSteps(step.primary, run);
      for (const deferred of step.deferred) run.parts!.defer(deferred, primary, run);
      return primary;
    }
  }
}
