import { AuthenticationError, NotAllowedError } from '@backstage/errors';
import type { IncomingMessage } from 'node:http';
import { createRemoteJWKSet, decodeProtectedHeader, errors, jwtVerify } from 'jose';
import { PLUGINS } from './config';
import type { Upstream } from './upstream';

const BEARER = /^Bearer +(\S+)$/i;
const PLUGIN_TOKEN = /^(application\/)?vnd\.backstage\.plugin$/i;
// Who calls from Understudy: its plugins, and it itself.
const CALLERS = [...PLUGINS, 'understudy'];
// A key is made when it is first needed, so that one that is not known yet may well be new: it is asked for at once, which
// costs no more than a request that is passed on.
const COOLDOWN = 0;

/** What gives the tokens of the legacy backend system. */
export interface TokenManager {
  getToken(): Promise<{ token: string }>;
}

/**
 * Exchanges the tokens of Understudy's plugins for the legacy backend's own: that knows one shared secret and no keys of
 * plugins. A token is good for the plugin that it was made for, and only after its signature has been verified.
 */
export class Exchange {
  readonly #keys = new Map<string, ReturnType<typeof createRemoteJWKSet>>();

  constructor(
    private readonly upstream: Upstream,
    private readonly tokens: TokenManager | undefined,
    private readonly permissions: boolean,
  ) {}

  /** The `Authorization` for a request of Understudy to a plugin of the backend. It throws where the request is of anybody else. */
  async authorization(req: IncomingMessage, plugin: string): Promise<string | undefined> {
    const token = BEARER.exec(req.headers.authorization ?? '')?.[1];
    if (!token) throw new AuthenticationError('Missing credentials');
    if (!isPluginToken(token)) throw new AuthenticationError("only tokens of Understudy's plugins are good here");
    const obo = await this.#verify(token, plugin);
    if (obo && this.permissions) {
      // The backend could not tell the user from the service, and would let it see everything.
      throw new NotAllowedError('a legacy backend with permissions cannot be asked on behalf of a user');
    }
    // A backend without a secret has no tokens, and asks for none.
    const own = await this.tokens?.getToken().catch(() => undefined);
    return own?.token ? `Bearer ${own.token}` : undefined;
  }

  async #verify(token: string, plugin: string): Promise<boolean> {
    const base = await this.upstream.address();
    try {
      const { payload } = await jwtVerify(
        token,
        (header, input) => {
          const { sub } = JSON.parse(Buffer.from(String(input.payload), 'base64url').toString());
          if (!CALLERS.includes(sub)) throw new errors.JWTInvalid(`'${sub}' is no plugin of Understudy`);
          const url = `${base.href.replace(/\/$/, '')}/api/${sub}/.backstage/auth/v1/jwks.json`;
          let keys = this.#keys.get(url);
          if (!keys) this.#keys.set(url, (keys = createRemoteJWKSet(new URL(url), { cooldownDuration: COOLDOWN })));
          return keys(header, input);
        },
        { audience: plugin, algorithms: ['ES256', 'ES384', 'ES512', 'RS256', 'PS256', 'EdDSA'], requiredClaims: ['sub', 'iat', 'exp'] },
      );
      return payload.obo !== undefined;
    } catch (error) {
      throw new AuthenticationError('Failed plugin token verification', error as Error);
    }
  }
}

function isPluginToken(token: string): boolean {
  try {
    return PLUGIN_TOKEN.test(decodeProtectedHeader(token).typ ?? '');
  } catch {
    return false;
  }
}
