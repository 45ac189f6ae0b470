import { describe, expect, it } from 'vitest';
import { traceContext } from '../../../gateway/context/traceContext.js';

const randomHex = (bytes: number) => 'ab'.repeat(bytes);

describe('traceContext', () => {
  it('continues the caller’s trace with a span of its own', () => {
    expect(traceContext('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', randomHex)).toEqual({
      traceId: '0af7651916cd43dd8448eb211c80319c',
      traceparent: `00-0af7651916cd43dd8448eb211c80319c-${'ab'.repeat(8)}-01`,
    });
  });

  it.each([
    undefined,
    '',
    'garbage',
    '00-00000000000000000000000000000000-b7ad6b7169203331-01',
    '00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01',
    'ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  ])('starts a trace for %j', (header) => {
    expect(traceContext(header, randomHex)).toEqual({
      traceId: 'ab'.repeat(16),
      traceparent: `00-${'ab'.repeat(16)}-${'ab'.repeat(8)}-00`,
    });
  });

  it('goes on with the span that this process has opened, whatever the header says', () => {
    const active = `00-${'c'.repeat(32)}-${'d'.repeat(16)}-01`;
    expect(traceContext('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', randomHex, active)).toEqual({
      traceId: 'c'.repeat(32),
      traceparent: active,
    });
  });
});
