/**
 * Works on one value at a time; of those that come meanwhile only the latest is worked on, right after. `work` must not reject.
 */
export function latestOnly<Value>(work: (value: Value) => Promise<void>): (value: Value) => void {
  let busy = false;
  let next: { readonly value: Value } | undefined;
  const run = async (): Promise<void> => {
    busy = true;
    for (let now = next; now; now = next) {
      next = undefined;
      await work(now.value);
    }
    busy = false;
  };
  return (value) => {
    next = { value };
    if (!busy) void run();
  };
}
