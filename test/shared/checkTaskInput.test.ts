import { describe, expect, it } from 'vitest';
import { checkTaskInput } from '../../subgraphs/shared/checkTaskInput.js';

const sound = { taskClass: 'support.faq', prompt: 'How?', payload: { a: [1, 'two'] }, maxCostUsd: '0.05', minQuality: 0.5 };

describe('the check of a task input', () => {
  it('lets through what is sound', () => {
    checkTaskInput(sound);
    checkTaskInput({ taskClass: 'x', prompt: null, payload: null, customerId: null, idempotencyKey: null, maxCostUsd: null });
  });

  it.each<[string, object, string]>([
    ['a prompt that is too long', { prompt: 'x'.repeat(100_001) }, 'input.prompt'],
    ['a payload that is too large', { payload: 'x'.repeat(1_000_000) }, 'input.payload'],
    ['an empty idempotency key', { idempotencyKey: '' }, 'input.idempotencyKey'],
    ['a long customer id', { customerId: 'c'.repeat(201) }, 'input.customerId'],
    ['a line break in a customer id', { customerId: 'a\nb' }, 'input.customerId'],
    ['a blank task class', { taskClass: ' ' }, 'input.taskClass'],
    ['NUL in the prompt', { prompt: 'a\0b' }, 'input.prompt'],
    ['half a surrogate pair deep in the payload', { payload: { deep: ['\ud800'] } }, 'input.payload.deep'],
    ['NUL in a name of the payload', { payload: { 'a\0b': 1 } }, 'A name in input.payload'],
    ['a sum that is none', { maxCostUsd: 'abc' }, 'input.maxCostUsd'],
    ['a sum below zero', { maxCostUsd: '-1' }, 'input.maxCostUsd'],
    ['a quality above one', { minQuality: 7 }, 'input.minQuality'],
  ])('refuses %s, naming it', (_, more, told) => {
    expect(() => checkTaskInput({ ...sound, ...more })).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT' }));
    expect(() => checkTaskInput({ ...sound, ...more })).toThrow(told);
  });
});
