import { expect, test } from 'vitest';
import { ApiError, UnreachableError } from '../src/api/errors';
import { failedOf, isLost, sentOf, settledBy } from '../src/spacelift/triggering';

const trigger = { id: 'k', stackId: 's', outcome: 'triggered' as const, requestedBy: 'user:default/jane', requestedAt: '2026-01-01T00:00:00Z' };

test('what came of a trigger', () => {
  expect(sentOf({ ...trigger, runId: 'r', state: 'QUEUED' })).toEqual({ kind: 'run', runId: 'r', state: 'QUEUED' });
  expect(sentOf({ ...trigger, outcome: 'unknown', message: 'lost' })).toEqual({ kind: 'unknown', requestId: 'k', message: 'lost' });
  expect(failedOf(new UnreachableError()).kind).toBe('unknown');
  expect(failedOf(new ApiError(504, 'no answer', { code: 'SPACELIFT_UNAVAILABLE' })).kind).toBe('unknown');
  expect(failedOf(new ApiError(403, 'no', { code: 'READ_ONLY' })).kind).toBe('refused');
  expect(failedOf(new ApiError(409, 'pending', { code: 'CONFLICT', details: { requestedBy: 'user:default/jane', reason: { not: 'a text' } } }))).toEqual({
    kind: 'conflict', message: 'pending', by: 'user:default/jane', at: undefined, reason: undefined,
  });
});

test.each([502, 503, 504])('a %i from something between leaves it open, in whatever form', (status) => {
  expect(isLost(new ApiError(status, '<html></html>'))).toBe(true);
  expect(isLost(new ApiError(status, 'Understudy cannot be reached: ECONNRESET', { kind: 'ServiceUnavailableError' }))).toBe(true);
});

test.each([[502, 'SPACELIFT_UNAVAILABLE'], [503, 'SPACELIFT_RATE_LIMITED'], [503, 'PERMISSION_UNAVAILABLE']])('a plugin that answers %i %s has refused', (status, code) => {
  expect(isLost(new ApiError(status, 'no', { code }))).toBe(false);
});

test('a lost answer is settled by the run that carries its id, and by no other', () => {
  const run = { id: 'r', state: 'QUEUED', group: 'progress' as const, finished: false, url: '' };
  expect(settledBy('k', undefined, [run])).toBeUndefined();
  expect(settledBy('k', undefined, [{ ...run, triggerId: 'k' }])).toEqual({ kind: 'run', runId: 'r', state: 'QUEUED' });
  expect(settledBy('k', { ...trigger, runId: 'q' }, [])).toEqual({ kind: 'run', runId: 'q', state: undefined });
  expect(settledBy('k', { ...trigger, id: 'other', runId: 'q' }, [])).toBeUndefined();
  expect(settledBy(undefined, { ...trigger, runId: 'q' }, [])).toBeUndefined();
});
