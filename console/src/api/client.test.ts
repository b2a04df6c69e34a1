import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { addresses } from './addresses';
import { authorizedFetch, catalog } from './client';
import { BlockedError } from './errors';
import { session } from './session';

const peer = 'https://backstage.example.com/api/catalog';
const other = 'https://other.example.com/api/catalog';

/** Answers in the servers' place, and returns what was asked. */
function serve(answer: (request: Request) => Response | Promise<Response>) {
  const asked: Request[] = [];
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    const request = new Request(new URL(input instanceof Request ? input.url : String(input), window.location.origin), input instanceof Request ? input : init);
    asked.push(request);
    return answer(request);
  });
  return asked;
}

const tokenOf = (request: Request | undefined) => request?.headers.get('Authorization');

describe('authorizedFetch, joined', () => {
  beforeEach(async () => {
    addresses.configure({ auth: 'https://backstage.example.com/api/auth', catalog: peer });
    serve(() => Response.json({ plugins: [] }));
    await session.signInWithToken('pasted');
  });
  afterEach(() => {
    session.signOut();
    addresses.configure(undefined);
  });

  it('sends the token to this server and to the bases it named, and to nobody else', async () => {
    const asked = serve(() => Response.json({}));
    await authorizedFetch(new Request(`${window.location.origin}/api/rely/v1/status`));
    await authorizedFetch(new Request(`${peer}/entities`));
    await authorizedFetch(new Request(`${other}/entities`));
    await authorizedFetch(new Request('https://backstage.example.com/api/scaffolder/v2/tasks'));
    expect(asked.map(tokenOf)).toEqual(['Bearer pasted', 'Bearer pasted', null, null]);
  });

  it('asks the catalog where it is', async () => {
    const asked = serve(() => Response.json({ items: [] }));
    await catalog().GET('/entities/by-query', { params: { query: {} } });
    addresses.configure(undefined);
    await catalog().GET('/entities/by-query', { params: { query: {} } });
    expect(asked.map((r) => r.url)).toEqual([`${peer}/entities/by-query`, `${window.location.origin}/api/catalog/entities/by-query`]);
  });

  it('stays signed in when only the other backend refuses a pasted token', async () => {
    serve(() => Response.json({}, { status: 401 }));
    expect((await authorizedFetch(new Request(`${peer}/entities`))).status).toBe(401);
    expect(session.get().state).toBe('in');
    await authorizedFetch(new Request(`${window.location.origin}/api/rely/v1/status`));
    expect(session.get()).toEqual({ state: 'out', reason: 'expired' });
  });

  it('says what is in the way, and asks no more for a moment', async () => {
    const asked = serve((request) => (request.mode === 'no-cors' ? Response.json({}) : Promise.reject(new TypeError('CORS'))));
    await expect(authorizedFetch(new Request(`${peer}/entities`))).rejects.toBeInstanceOf(BlockedError);
    const before = asked.length;
    await expect(authorizedFetch(new Request(`${peer}/other`))).rejects.toBeInstanceOf(BlockedError);
    expect(asked.length).toBe(before);
  });
});
