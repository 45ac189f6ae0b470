import type { Task } from './Task.js';

/** What the agent reads: the prompt, and under it the payload as JSON. */
export function promptOf({ input }: Pick<Task, 'input'>): string {
  const payload = input.payload === undefined || input.payload === null ? '' : JSON.stringify(input.payload);
  return [input.prompt ?? '', payload].filter((part) => part !== '').join('\n');
}
