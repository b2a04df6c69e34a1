import type { RunDetail, RunLogPage, SpaceliftApi } from '../api/SpaceliftApi';
import type { LogText } from './logText';

export type LoggedRun = Pick<RunDetail, 'id' | 'stackId' | 'history' | 'finished'>;

/** How often a phase that is over is looked at with nothing new in it, before its log is taken for whole. */
const lateLooks = 3;

interface Phase {
  token?: string;
  /** How many messages of the page at `token` are in the text. */
  taken: number;
  late: number;
  ended: boolean;
}

/** Reads the log phase by phase, page by page, and goes on where it was. */
export class PageReader {
  private phases = new Map<number, Phase>();

  /** Reads what there is by now. Whether anything new has come; the caller waits before the next time. */
  async read(api: SpaceliftApi, run: LoggedRun, text: LogText, signal: AbortSignal): Promise<boolean> {
    let news = false;
    for (const [i, { state, stateVersion, hasLogs, terminal }] of run.history.entries()) {
      if (!hasLogs) continue;
      const phase = this.phase(stateVersion);
      const over = run.finished || terminal || i < run.history.length - 1;
      while (!phase.ended) {
        const page = await api.logPage(run.stackId, run.id, { state, version: stateVersion, token: phase.token }, signal);
        const fresh = page.messages.slice(phase.taken);
        if (fresh.length > 0) text.add({ type: 'log', state, stateVersion, messages: fresh });
        if (page.expired) text.add({ type: 'expired', state, stateVersion });
        news ||= fresh.length > 0;
        const more = goOn(phase, page);
        phase.late = over && fresh.length === 0 && !more ? phase.late + 1 : 0;
        phase.ended = page.finished || page.expired || (over && !page.exists) || phase.late >= lateLooks;
        // What comes later stands below: it has to wait.
        if (!phase.ended && !more) return news;
      }
    }
    if (run.finished) text.add({ type: 'done' });
    return news;
  }

  private phase(version: number): Phase {
    const known = this.phases.get(version) ?? { taken: 0, late: 0, ended: false };
    this.phases.set(version, known);
    return known;
  }
}

/** Moves on behind a page. Whether there is another one to be asked for at once: never the same one. */
function goOn(phase: Phase, { nextToken, messages, hasMore }: RunLogPage): boolean {
  if (nextToken === undefined || nextToken === phase.token) {
    phase.taken = Math.max(phase.taken, messages.length);
    return false;
  }
  Object.assign(phase, { token: nextToken, taken: 0 });
  return hasMore;
}
