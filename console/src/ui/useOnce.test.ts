import { renderHook } from '@testing-library/react';
import { expect, it, vi } from 'vitest';
import { useOnce } from './useOnce';

it('lets one action through at a time, and the next after its end, good or bad', async () => {
  const { result } = renderHook(() => useOnce());
  let fail: (error: Error) => void = () => {};
  const slow = vi.fn(() => new Promise((_, reject) => (fail = reject)));
  const next = vi.fn(() => Promise.resolve());
  result.current(slow);
  result.current(slow);
  result.current(next);
  expect([slow.mock.calls.length, next.mock.calls.length]).toEqual([1, 0]);
  fail(new Error('refused'));
  await vi.waitFor(() => {
    result.current(next);
    expect(next).toHaveBeenCalledTimes(1);
  });
});
