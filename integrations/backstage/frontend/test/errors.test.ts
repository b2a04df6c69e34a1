import { describe, expect, test } from 'vitest';
import { ApiError, errorOf, isRouteMissing, StrangeError, UnreachableError, wordsOf } from '../src/api/errors';

const bodies: [string, number, string, RegExp][] = [
  ['the framework', 404, JSON.stringify({ error: { name: 'NotFoundError', message: 'no such run' }, request: {}, response: { statusCode: 404 } }), /no such run/],
  ['a framework error without words', 500, JSON.stringify({ error: { name: 'Error' } }), /Error/],
  ['a plugin', 409, JSON.stringify({ error: 'A run is pending', code: 'CONFLICT', requestId: 'r-1' }), /A run is pending.*r-1/],
  ['an empty plugin error', 503, JSON.stringify({ error: '' }), /503/],
  ['an object inside', 500, JSON.stringify({ error: { nested: { deep: true } } }), /500/],
  ['an array', 500, '[]', /500/],
  ['a page of HTML', 502, '<html>bad gateway</html>', /502/],
  ['nothing', 500, '', /500/],
  ['another form', 400, JSON.stringify({ message: 'too long' }), /too long/],
];

describe('errors in words', () => {
  test.each(bodies)('of %s', (_, status, body, expected) => {
    const { title, text } = wordsOf(errorOf(status, 'Some Status', body));
    expect(text).toMatch(expected);
    expect(title).not.toBe('');
    for (const said of [title, text]) expect(said).not.toMatch(/\[object|undefined|null/);
  });

  test.each([undefined, null, {}, { error: {} }, [], 42, '', 'words', new Error(), new Error('words')])('of whatever is thrown: %j', (thrown) => {
    const { title, text } = wordsOf(thrown);
    expect(`${title} ${text}`).not.toMatch(/\[object|undefined|null/);
    expect(text).not.toBe('');
  });

  test('of what does not answer, and of what answers in its place', () => {
    expect(wordsOf(new UnreachableError()).title).toBe('The backend does not answer');
    expect(wordsOf(new StrangeError('It is HTML')).text).toBe('It is HTML.');
  });

  test('a code has its own title, and the key its mend', () => {
    const { title, text } = wordsOf(errorOf(503, '', JSON.stringify({ error: 'unauthorized', code: 'SPACELIFT_AUTH' })));
    expect(title).toBe('Spacelift does not accept the API key');
    expect(text).toMatch(/spacelift\.apiSecret/);
  });
});

test('a missing route is told from a missing thing', () => {
  expect(isRouteMissing(errorOf(404, 'Not Found', ''))).toBe(true);
  expect(isRouteMissing(errorOf(404, 'Not Found', JSON.stringify({ error: { name: 'NotFoundError', message: 'no route' } })))).toBe(true);
  expect(isRouteMissing(new ApiError(404, 'no such stack', { code: 'NOT_FOUND' }))).toBe(false);
  expect(isRouteMissing(new UnreachableError())).toBe(false);
});
