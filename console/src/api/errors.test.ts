import { describe, expect, it } from 'vitest';
import { addresses } from './addresses';
import { advise, ApiError, BlockedError, corsLine, errorOf, isPassing, SignInError, UnreachableError } from './errors';

describe('errorOf', () => {
  it('reads an error body', () => {
    const error = errorOf(new Response(null, { status: 403, headers: { 'x-request-id': 'r1' } }), { error: { name: 'NotAllowedError', message: 'no' } });
    expect(error).toMatchObject({ status: 403, kind: 'NotAllowedError', message: 'no', requestId: 'r1' });
  });

  it('reads that of a plugin, whose error is a text', () => {
    const body = { error: 'stack is locked', code: 'SPACELIFT_REJECTED', requestId: 'r2' };
    const error = errorOf(new Response(null, { status: 409, headers: { 'x-request-id': 'r1' } }), body);
    expect(error).toMatchObject({ status: 409, kind: '', message: 'stack is locked', code: 'SPACELIFT_REJECTED', requestId: 'r2' });
    expect(errorOf(new Response(null, { status: 500 }), { error: 'x' })).toMatchObject({ message: 'x', code: undefined });
  });

  it('makes do with the status when there is none', () => {
    for (const body of [undefined, null, 'oops', {}, { error: '' }, { error: 5 }, { error: { name: 1 } }]) {
      expect(errorOf(new Response(null, { status: 502, statusText: 'Bad Gateway' }), body)).toMatchObject({ status: 502, kind: '', message: '502 Bad Gateway' });
    }
  });
});

describe('advise', () => {
  it('offers another try only where it can help', () => {
    const retry = (e: unknown) => [advise(e).retry, isPassing(e)];
    expect(retry(new UnreachableError(1))).toEqual([true, true]);
    expect(retry(new ApiError(503, '', 'x'))).toEqual([true, true]);
    expect(retry(new ApiError(500, '', 'x'))).toEqual([true, true]);
    for (const status of [400, 401, 403, 404]) expect(retry(new ApiError(status, '', 'x'))).toEqual([false, false]);
  });

  it('knows by its code that it is not this server that is in trouble', () => {
    const auth = advise(new ApiError(503, '', 'The key was refused', undefined, 'SPACELIFT_AUTH'));
    expect(auth).toEqual({ title: 'Spacelift does not accept the API key', text: expect.stringMatching(/^The key was refused\. Compare spacelift\.apiKey and spacelift\.apiSecret/), retry: true });
    expect(advise(new ApiError(503, '', 'x', undefined, 'SOMETHING')).title).toBe('The server is not ready');
  });

  it('shows what the server said of a refusal', () => {
    expect(advise(new ApiError(403, 'NotAllowedError', 'Only service principals may see tasks')).text).toContain('service principals');
  });
});

describe('what another backend says', () => {
  const base = 'https://backstage.example.com/api/catalog';

  it('is told apart from what this server says', () => {
    addresses.configure({ catalog: base });
    const response = new Response(null, { status: 401 });
    Object.defineProperty(response, 'url', { value: `${base}/entities` });
    const error = errorOf(response, { error: { name: 'AuthenticationError', message: 'Illegal token' } });
    addresses.configure(undefined);
    expect(error.where).toBe(base);
    expect(advise(error)).toEqual({ title: 'Backstage does not accept this token', text: 'backstage.example.com says: Illegal token', retry: false });
    expect(advise(new ApiError(500, 'Error', 'boom', undefined, undefined, undefined, base)).title).toBe('Backstage failed');
  });

  it('or does not let through comes with what to configure', () => {
    const origin = 'https://understudy.example.com';
    expect(advise(new BlockedError(base, 'origin', origin))).toMatchObject({ yaml: corsLine(origin), text: expect.stringContaining('does not allow calls from https://understudy.example.com') });
    expect(corsLine(origin)).toBe("backend:\n  cors: {origin: ['https://understudy.example.com'], credentials: true}");
    expect(advise(new BlockedError(base, 'credentials', origin)).text).toContain('credentials: true');
    expect(advise(new BlockedError(base, 'headers', origin)).yaml).toContain('x-requested-with');
    expect(advise(new UnreachableError(undefined, base)).title).toBe('Backstage does not answer');
    expect(advise(new SignInError('No', 'because', 'a: b'))).toEqual({ title: 'No', text: 'because', retry: false, yaml: 'a: b' });
    expect(isPassing(new BlockedError(base, 'origin', origin))).toBe(false);
  });
});
