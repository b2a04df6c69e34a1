import { describe, expect, it } from 'vitest';
import { ApiError, UnreachableError } from '../../api/errors';
import { isUnderWay, pollAfter, type Run } from '../../api/export';
import { parseQuery, stringifyQuery } from '../../shell/searchParams';
import { adviseAction, codePieces, problemOf } from './advice';
import { announcement, progressOf, secondsUntil } from './progress';
import { partsOf, savedPercent, shares } from './runParts';
import { cronText } from './schedule';
import { parsePreviewSearch, parseRunSearch } from './search';
import { bytesText, codeText, count, durationOf, durationText, etaText, kindText, outcomeText, rateText, statusLook } from './words';

const none: Run['counts'] = {
  read: 0, filtered: 0, skipped: 0, unmappable: 0, unchanged: 0, create: 0, update: 0, sent: 0, failed: 0, pending: 0,
  deleteCandidates: 0, chunks: 0, requests: 0, bytes: 0, wireBytes: 0,
};
const run = (fields: Partial<Run> = {}, counts: Partial<Run['counts']> = {}): Run => ({
  id: 'r', destination: 'rely', trigger: 'manual', status: 'running', dryRun: false, full: false, startedAt: '2026-01-01T00:00:00Z', ...fields,
  counts: { ...none, ...counts },
});

describe('asking again', () => {
  it('is each second while a run is under way, and slow or not at all otherwise', () => {
    expect(isUnderWay(run({ status: 'queued' }))).toBe(true);
    expect(isUnderWay(run({ status: 'partial' }))).toBe(false);
    expect(isUnderWay(undefined)).toBe(false);
    expect([pollAfter(true, 5000), pollAfter(false, 5000), pollAfter(false, false)]).toEqual([1000, 5000, false]);
  });

  it('goes on after what passes, and ends at what does not', () => {
    expect(pollAfter(true, 5000, new UnreachableError(undefined))).toBe(10_000);
    expect(pollAfter(true, 5000, new ApiError(503, '', ''))).toBe(10_000);
    expect(pollAfter(true, 5000, new ApiError(403, '', ''))).toBe(false);
    expect(pollAfter(true, 5000, null)).toBe(1000);
  });
});

describe('progress', () => {
  it('has an end only while it is sending, and counts what failed there as done', () => {
    expect(progressOf(run({ phase: 'write' }, { create: 60, update: 40, sent: 20, failed: 7, unmappable: 2, pending: 75 }))).toMatchObject({ amount: '25 of 100', percent: 25 });
    expect(progressOf(run({ phase: 'plan' }, { read: 1200 }))).toEqual({ text: expect.any(String), amount: '1,200 read' });
    expect(progressOf(run({ phase: 'plan' })).amount).toBeUndefined();
    expect(progressOf(run({ phase: 'finish' })).percent).toBe(100);
    expect(progressOf(run({ status: 'queued' })).text).toBe('Waiting for its turn');
    expect(progressOf(run({ phase: undefined })).text).toMatch(/^Looking/);
  });

  it('does not divide by nothing, nor go beyond the end', () => {
    expect(progressOf(run({ phase: 'write' })).percent).toBeUndefined();
    expect(progressOf(run({ phase: 'write' }, { create: 1, sent: 5 }))).toMatchObject({ amount: '5 of 5', percent: 100 });
  });

  it('is told to a reader by quarters', () => {
    const at = (sent: number) => announcement(run({ phase: 'write' }, { create: 100, sent, pending: 100 - sent }));
    expect(new Set([at(25), at(26), at(49)]).size).toBe(1);
    expect(at(50)).toMatch(/50 percent$/);
    expect(announcement(run({ phase: 'plan' }, { read: 5 }))).not.toMatch(/5/);
  });

  it('counts down whole seconds, and never below nothing', () => {
    const now = Date.parse('2026-01-01T00:00:00Z');
    expect(secondsUntil('2026-01-01T00:00:12.2Z', now)).toBe(13);
    expect(secondsUntil('2025-12-31T00:00:00Z', now)).toBe(0);
    expect(secondsUntil(undefined, now)).toBe(0);
    expect(secondsUntil('nonsense', now)).toBe(0);
  });
});

describe('words', () => {
  it('for durations', () => {
    expect([0, 0.2, 40, 420, 9949, 9951, 59_400, 60_000, 185_000, 3_600_000, 7_440_000].map(durationText)).toEqual([
      '0 s', '1 ms', '40 ms', '0.4 s', '9.9 s', '10 s', '59 s', '1 min', '3 min 5 s', '1 h', '2 h 4 min',
    ]);
    expect(durationText(Number.NaN)).toBe('–');
    expect(durationOf({ startedAt: '2026-01-01T00:00:00Z', endedAt: '2026-01-01T00:00:03Z' }, 0)).toBe(3000);
    expect(durationOf({ startedAt: '2026-01-01T00:00:05Z' }, Date.parse('2026-01-01T00:00:00Z'))).toBe(0);
  });

  it('for what is left, no more exact than a guess', () => {
    expect([0, 12.4, 33, 54, 56, 90, 3700].map(etaText)).toEqual([
      'a moment left', 'about 12 s left', 'about 35 s left', 'about 55 s left', 'about 1 min left', 'about 2 min left', 'about 1 h 2 min left',
    ]);
    expect([undefined, -1, Infinity].map(etaText)).toEqual([undefined, undefined, undefined]);
  });

  it('for rates and sizes', () => {
    expect([undefined, 0, 0.44, 3, 411.6, 12_345].map(rateText)).toEqual([undefined, undefined, '0.4 a second', '3 a second', '412 a second', '12,345 a second']);
    expect([0, 999, 1000, 9949, 9951, 412_300, 36_700_000, 999_600].map(bytesText)).toEqual(['0 B', '999 B', '1.0 kB', '9.9 kB', '10 kB', '412 kB', '37 MB', '1.0 MB']);
    expect([count(1, 'request', 'requests'), count(1200, 'request', 'requests')]).toEqual(['1 request', '1,200 requests']);
  });

  it('for every status, and for one that nobody told us of', () => {
    expect((['succeeded', 'partial', 'failed', 'auth_failed', 'not_entitled', 'running', 'queued', 'cancelled'] as const).map((s) => statusLook(s).tone)).toEqual([
      'ok', 'warn', 'bad', 'bad', 'bad', 'running', 'idle', 'idle',
    ]);
    expect(statusLook('paused')).toEqual({ tone: 'idle', label: 'paused' });
  });

  it('for what a run is', () => {
    expect([run(), run({ full: true }), run({ dryRun: true }), run({ dryRun: true, full: true }), run({ trigger: 'retry' })].map(kindText)).toEqual([
      'Changes', 'Full re-send', 'Dry run', 'Full re-send, dry', 'Retry',
    ]);
  });

  it('for what became of it', () => {
    expect(outcomeText(run({}, { read: 9, sent: 5, unchanged: 2, skipped: 1, failed: 1 }))).toBe('5 sent, 2 unchanged, 1 skipped, 1 failed');
    expect(outcomeText(run({}, { read: 9, unchanged: 9 }))).toBe('nothing to send, 9 unchanged');
    expect(outcomeText(run({ dryRun: true }, { read: 9, create: 3, update: 4, pending: 7, unchanged: 2 }))).toBe('3 to create, 4 to update, 2 unchanged');
    expect(outcomeText(run())).toBe('nothing was read');
    expect([codeText('too_large'), codeText('new_code')]).toEqual(['larger than one request may be', 'new code']);
  });
});

describe('a schedule', () => {
  it.each([
    ['0 * * * *', 'every hour, on the hour'],
    ['15 * * * *', 'every hour, at 15 past'],
    ['*/5 * * * *', 'every 5 minutes'],
    ['* * * * *', 'every minute'],
    ['30 2 * * *', 'every day at 02:30'],
    ['0 9 * * 1-5', 'on weekdays at 09:00'],
    ['5 8 * * sun', 'every Sunday at 08:05'],
    ['0 0 * * 7', 'every Sunday at 00:00'],
    ['0 */6 * * *', 'every 6 hours, at 00 past'],
    ['0 0 * * * *', 'every hour, on the hour'],
    ['30 0 * * * *', '30 0 * * * *'],
    ['0 0 1 * *', '0 0 1 * *'],
    ['0,30 * * * *', '0,30 * * * *'],
    ['* * * * 1', '* * * * 1'],
    ['@daily', '@daily'],
  ])('%s is %s', (cron, words) => expect(cronText(cron)).toBe(words));
});

describe('what became of all that was read', () => {
  it('fills its bar, with nothing too thin to be seen', () => {
    const all = shares(partsOf(run({}, { sent: 64_999, failed: 1 })));
    expect(all.map((s) => s.part.kind)).toEqual(['sent', 'failed']);
    expect(all.reduce((sum, s) => sum + s.percent, 0)).toBeCloseTo(100);
    expect(all[1]!.percent).toBeGreaterThan(0.9);
    expect(shares(partsOf(run()))).toEqual([]);
  });

  it('is a plan for a dry run', () => {
    expect(partsOf(run({ dryRun: true }, { create: 2, update: 3, pending: 5 })).filter((p) => p.value > 0)).toMatchObject([{ kind: 'planned', value: 5 }]);
  });

  it('tells what gzip saved', () => {
    expect(savedPercent({ bytes: 1000, wireBytes: 150 })).toBe(85);
    expect(savedPercent({ bytes: 1000, wireBytes: 1000 })).toBeUndefined();
    expect(savedPercent({ bytes: 0, wireBytes: 0 })).toBeUndefined();
  });
});

describe('advice', () => {
  it('tells how to mend a refused token, a plan without it, and the rest', () => {
    expect(problemOf(run({ status: 'auth_failed' }))!.mend.join(' ')).toContain('`Authorization: Bearer …`');
    expect(problemOf(run({ status: 'not_entitled' }))!.mend).not.toEqual([]);
    expect(problemOf(run({ status: 'partial', resumable: true }, { failed: 2 }))!.mend).toHaveLength(2);
    expect(problemOf(run({ status: 'partial' }))!.mend).toEqual([]);
    expect(problemOf(run({ status: 'succeeded' }))).toBeUndefined();
    expect(codePieces('set `a.b` to `c`')).toEqual(['set ', 'a.b', ' to ', 'c', '']);
  });

  it('has words for refused actions', () => {
    expect(adviseAction(new ApiError(403, 'NotAllowedError', 'no')).title).toBe('You may not do this');
    expect(adviseAction(new ApiError(409, 'ConflictError', 'it has ended')).title).toBe('Not now');
    expect(adviseAction(new ApiError(401, 'AuthenticationError', 'x')).title).toBe('You are signed out');
    expect(adviseAction(new UnreachableError(undefined)).title).toBe('The server does not answer');
  });
});

describe('addresses', () => {
  it('of a run keep a status that there is', () => {
    expect(parseRunSearch(parseQuery('?status=failed'))).toEqual({ status: 'failed' });
    expect(parseRunSearch(parseQuery('?status=constructor&x=1'))).toEqual({});
    expect(parseRunSearch(parseQuery('?status=sent&status=failed'))).toEqual({});
  });

  it('of a preview go around', () => {
    const search = parsePreviewSearch(parseQuery('?entity=component:default/a&as=json'));
    expect(search).toEqual({ entity: 'component:default/a', as: 'json' });
    expect(stringifyQuery({ ...search })).toBe('?entity=component:default/a&as=json');
    expect(parsePreviewSearch(parseQuery('?entity=%20&as=yaml'))).toEqual({});
  });
});
