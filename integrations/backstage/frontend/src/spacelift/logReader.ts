import { ApiError, isRouteMissing, wordsOf } from '../api/errors';
import { backoff, pause, readLines } from '../api/events';
import type { RunLogEvent, SpaceliftApi } from '../api/SpaceliftApi';
import { LogText } from './logText';
import { type LoggedRun, PageReader } from './pageReader';

/** A stream on which nothing has come for so long is dead: heartbeats come every 20 seconds. */
const silence = 50_000;
/** After so many streams on which nothing came, pages are read: something between does not let streams through. */
const patience = 3;
/** How long pages are read before a stream is tried again. */
const streamAgain = 300_000;
/** The wait between looks at pages: longer each time that nothing came. */
const pollPages = 3000;
const pollSteps = 5;

/** A stream was opened, or should have been, and nothing came. */
class MuteError extends Error {
  constructor(readonly cause?: unknown) {
    super('Nothing comes on the stream of the log');
  }
}

/**
 * Reads a run's log by streams and, where these do not come through, by pages. Both are the same log and go on where they were;
 * what is shown stays until the other has come as far.
 */
export class LogReader {
  shown = new LogText();
  private readonly streamed = this.shown;
  private readonly paged = new LogText();
  private readonly pages = new PageReader();
  private problem?: string;
  /** Streams on which nothing came, since one on which something did. */
  private mute = 0;
  private streamAt = 0;

  constructor(private readonly api: SpaceliftApi) {}

  get done(): boolean {
    return this.shown.done;
  }

  get trouble(): string | undefined {
    return this.problem ?? this.shown.trouble;
  }

  /** Reads until the log is whole, or the signal aborts. `run` tells how the run is by now. */
  async read(run: () => LoggedRun, signal: AbortSignal, onChange: () => void): Promise<void> {
    let failures = 0;
    let idle = 0;
    while (!signal.aborted && !this.done) {
      try {
        let wait = backoff(0);
        if (this.mute >= patience && Date.now() < this.streamAt) {
          idle = (await this.page(run(), signal)) ? 0 : idle + 1;
          wait = pollPages * Math.min(1 + idle, pollSteps);
        } else {
          await this.stream(run(), signal, onChange);
        }
        failures = 0;
        onChange();
        if (!this.done) await pause(wait, signal);
      } catch (error) {
        if (signal.aborted) return;
        failures++;
        this.failed(error);
        onChange();
        if (isRouteMissing(error)) return;
        if (this.mute < patience || !(error instanceof MuteError)) await pause(backoff(failures), signal);
      }
    }
  }

  private failed(error: unknown): void {
    if (!(error instanceof MuteError)) {
      this.problem = wordsOf(error).text;
      return;
    }
    this.mute++;
    this.streamAt = Date.now() + streamAgain;
  }

  private async page(run: LoggedRun, signal: AbortSignal): Promise<boolean> {
    const news = await this.pages.read(this.api, run, this.paged, signal);
    this.problem = undefined;
    this.shown = this.paged;
    return news;
  }

  private async stream(run: LoggedRun, signal: AbortSignal, onChange: () => void): Promise<void> {
    for await (const event of open(this.api, run, this.streamed.token, signal)) {
      this.mute = 0;
      this.problem = undefined;
      this.streamed.add(event);
      // A heartbeat comes when all that there is has been told.
      const caughtUp = this.streamed.written >= this.shown.written || ['heartbeat', 'skipped', 'done'].includes(event.type);
      if (caughtUp) this.shown = this.streamed;
      onChange();
      if (event.type === 'end' || event.type === 'done') return;
    }
  }
}

/** The events of a stream. One that fails or ends before the first of them throws a MuteError; an answer that says no does not. */
async function* open(api: SpaceliftApi, run: LoggedRun, token: string | undefined, signal: AbortSignal): AsyncGenerator<RunLogEvent> {
  const own = new AbortController();
  const end = () => own.abort();
  signal.addEventListener('abort', end);
  let timer = setTimeout(end, silence);
  let opened = false;
  let told = false;
  try {
    const body = await api.openLog(run.stackId, run.id, token, own.signal);
    opened = true;
    for await (const event of readLines(body)) {
      clearTimeout(timer);
      timer = setTimeout(end, silence);
      told = true;
      yield event as RunLogEvent;
    }
    if (!told) throw new MuteError();
  } catch (error) {
    // What holds answers back until they are whole gives up on this one, or we do.
    const held = own.signal.aborted || (error instanceof ApiError && error.status === 504 && error.code === undefined);
    throw !told && (opened || held) && !signal.aborted && !(error instanceof MuteError) ? new MuteError(error) : error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
    own.abort();
  }
}
