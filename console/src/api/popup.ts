// Sign-in through a window of its own, as Backstage's providers of the OAuth sort have it (core.md 6.6): the window leads to
// whoever knows the user, and at its end posts what it got to the page that opened it.
import { hostOf } from './addresses';
import { SignInError } from './errors';

export interface PopupOptions {
  /** The origin of this page: the only one that the window may post to. */
  origin: string;
  open?: (url: string, name: string, features: string) => Window | null;
}

type Message =
  | { type: 'config_info'; targetOrigin?: string }
  | { type: 'authorization_response'; response?: unknown; error?: { name?: string; message?: string } };

const look = 200;

/** What Backstage needs so that its windows may answer this page. */
export function originLine(origin: string): string {
  return `auth:\n  experimentalExtraAllowedOrigins: ['${origin}']`;
}

/** The address at which a provider's window starts. */
export function startOf(base: string, provider: string, env: string, origin: string): string {
  const query = new URLSearchParams({ scope: '', origin, flow: 'popup', env });
  return `${base}/${encodeURIComponent(provider)}/start?${query}`;
}

/** Opens the window, and returns what it answers. To be called by a click: browsers allow no other windows. */
export function askInWindow(url: string, { origin, open = window.open.bind(window) }: PopupOptions): Promise<unknown> {
  const theirs = new URL(url).origin;
  const [left, top] = [window.screenX + (window.outerWidth - 450) / 2, window.screenY + (window.outerHeight - 730) / 2];
  const popup = open(url, 'understudy-sign-in', `width=450,height=730,left=${left},top=${top}`);
  if (!popup) {
    return Promise.reject(new SignInError('The browser opened no window', 'Allow pop-ups for this page, and try again.'));
  }
  return new Promise((resolve, reject) => {
    let target: string | undefined;
    const done = () => {
      clearInterval(timer);
      window.removeEventListener('message', hear);
      popup.close();
    };
    const hear = (event: MessageEvent) => {
      if (event.source !== popup || event.origin !== theirs) return;
      const message = event.data as Message | null;
      if (message?.type === 'config_info') target = message.targetOrigin;
      if (message?.type !== 'authorization_response') return;
      done();
      if (message.error) reject(new SignInError('Backstage does not sign you in', `${hostOf(url)} says: ${message.error.message ?? message.error.name ?? 'no reason'}`));
      else resolve(message.response);
    };
    const timer = setInterval(() => {
      if (!popup.closed) return;
      done();
      reject(closed(hostOf(url), origin, target));
    }, look);
    window.addEventListener('message', hear);
  });
}

/** A window that was closed without an answer has shown its reason to the person, and to nobody else. */
function closed(host: string, origin: string, target: string | undefined): SignInError {
  if (target !== undefined && target !== origin) {
    return new SignInError('Backstage answers another page', `${host} posts its answer to ${target}, and this page is ${origin}. Add this to the configuration of Backstage and restart it.`, originLine(origin));
  }
  return new SignInError(
    'The window was closed before Backstage answered',
    `If it said that the origin is not allowed, add this to the configuration of Backstage at ${host} and restart it.`,
    originLine(origin),
  );
}
