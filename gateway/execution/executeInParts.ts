import type { GraphQLFormattedError } from 'graphql';
import { findOperation } from '../planner/rootFields.js';
import { withoutDeferred } from '../planner/labelDefers.js';
import { isOn, type DeferredStep, type Steps } from './compileSteps.js';
import { createFailures, type Failures } from './createFailures.js';
import { runOperation, startRun, type OperationRequest } from './executeOperation.js';
import { findDeferred, type DeferredObject, type Finding } from './findDeferred.js';
import { printed, type IncrementalAnswer, type IncrementalPart, type PrintedResult } from './Outcome.js';
import { createPartStream } from './partStream.js';
import type { Parts, Run } from './Run.js';
import { runSteps } from './runSteps.js';
import { shapeObject, shapeResponse } from './shapeResponse.js';
import type { ResponsePath } from './Target.js';

/**
 * Runs an operation that was planned with its @defer: resolves when what is shown first is there, and goes on with the rest. Never rejects
 * for what a subgraph does. Whole when the variables defer nothing.
 */
export async function executeInParts(request: OperationRequest): Promise<IncrementalAnswer | PrintedResult> {
  const { supergraph, plan, coerced } = request;
  const { document, fragments } = plan.deferred!;
  const stream = createPartStream();
  const signals = createSignals();
  const ready: { id: string; failures: Failures }[] = [];
  const delivered = new Map<string, readonly DeferredObject[]>();
  let finding: Finding | undefined;

  /** What is ready is shown, once that is around which it stands. */
  const flush = (): void => {
    if (!finding) return;
    for (let index = 0; index < ready.length; index++) {
      const { id, failures } = ready[index]!;
      const fragment = fragments.get(id)!;
      const anchor = fragment.around.findLast((each) => finding!.active.has(each));
      if (anchor !== undefined && !delivered.has(anchor)) continue;
      ready.splice(index, 1);
      const selectionSet = withoutDeferred(fragment.selectionSet, finding.active);
      const objects = findDeferred(finding, fragment, anchor === undefined ? undefined : fragments.get(anchor), delivered).map(
        (found) => ({
          ...found,
          shaped: shapeObject(supergraph, found.type, selectionSet, coerced, found.data, found.path, failures),
        }),
      );
      delivered.set(id, objects);
      stream.push(toParts(fragment.label, objects, failures.errors));
      // It may be what others wait for.
      index = -1;
    }
  };
  const parts: Parts = {
    fetched: signals.give,
    defer: (deferred, primary, run) => {
      stream.open();
      const failures = createFailures();
      void later(deferred, primary, run, failures).then(() => {
        ready.push({ id: deferred.id, failures });
        flush();
        stream.done();
      });
    },
  };
  const later = async ({ after, steps }: DeferredStep, primary: Promise<void>, run: Run, failures: Failures): Promise<void> => {
    await Promise.race([primary, Promise.all(after.map(signals.wait))]);
    const { toAnswer } = started;
    await runSteps(steps, {
      ...run,
      report: (error, places) => failures.report(error, places.map(toAnswer)),
      excuse: (places) => failures.excuse(places.map(toAnswer)),
    });
  };

  const started = startRun(request, parts);
  const { compiled, run, failures } = started;
  await runOperation(request, started);
  const active = new Set(compiled.segments.flatMap(({ sections }) => sections.flatMap(({ steps }) => activeIds(steps, run))));
  const planned = findOperation(document);
  const first = { ...planned, selectionSet: withoutDeferred(planned.selectionSet, active) };
  const shaped = shapeResponse(supergraph, { operation: first, fragments: {} }, coerced, run.data, failures);
  const { errors } = failures;
  const initial = printed(JSON.stringify(shaped), [...errors]);
  if (active.size === 0) return initial;
  const root = { path: [], data: run.data, shaped, type: supergraph.apiSchema.getRootType(planned.operation)! };
  finding = { supergraph, active, variables: coerced, root, selectionSet: planned.selectionSet };
  flush();
  stream.begin();
  return { initialResult: initial, subsequentResults: stream.results };
}

/** Of the parts that come later with these variables. */
function activeIds(steps: Steps, run: Run): string[] {
  return steps.flatMap((step) => {
    const { work } = step;
    if (work.kind === 'fetch' || !isOn(step, run.variables)) return [];
    return [...activeIds(work.primary, run), ...work.deferred.flatMap((later) => [later.id, ...activeIds(later.steps, run)])];
  });
}

/** Each error goes with the part that it lies in; what lies in none, with the first. */
function toParts(
  label: string | undefined,
  objects: readonly DeferredObject[],
  errors: readonly GraphQLFormattedError[],
): IncrementalPart[] {
  const left = new Set(errors);
  const parts = objects.map(({ path, shaped }) => {
    const own = [...left].filter((error) => error.path && isWithin(path, error.path));
    for (const error of own) left.delete(error);
    return { path, data: shaped, own };
  });
  parts[0]?.own.push(...left);
  return parts.map(({ path, data, own }) => ({
    ...(label !== undefined && { label }),
    path,
    data,
    ...(own.length > 0 && { errors: own }),
  }));
}

function isWithin(outer: ResponsePath, path: ResponsePath): boolean {
  return outer.every((step, index) => path[index] === step);
}

/** Things that happen once, by name, for whoever waits before or after. */
function createSignals() {
  const signals = new Map<string, { happened: Promise<void>; give: () => void }>();
  const of = (name: string) => {
    let signal = signals.get(name);
    if (!signal) {
      let give = (): void => undefined;
      const happened = new Promise<void>((resolve) => (give = resolve));
      signals.set(name, (signal = { happened, give }));
    }
    return signal;
  };
  return { wait: (name: string): Promise<void> => of(name).happened, give: (name: string): void => of(name).give() };
}
