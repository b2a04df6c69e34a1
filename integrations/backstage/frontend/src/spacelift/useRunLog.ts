import { useApi } from '@backstage/core-plugin-api';
import { useEffect, useState } from 'react';
import { isRouteMissing, wordsOf } from '../api/errors';
import { backoff, readLines } from '../api/events';
import { type RunDetail, type RunLogEvent, type SpaceliftApi, spaceliftApiRef } from '../api/SpaceliftApi';
import { useVisible } from '../hooks/useVisible';
import { LogText } from './logText';

export interface RunLogState {
  text: string;
  /** The run has ended and all of its log is here. */
  done: boolean;
  trouble?: string;
}

/** What has come is shown at most so often: a page that draws each line is slow. */
const pace = 250;
/** A stream on which nothing has come for so long is dead: heartbeats come every 20 seconds. */
const silence = 50_000;
/** After so many streams that failed at once, pages are read instead: something between does not let streams through. */
const patience = 3;
const pollPages = 3000;

/** Follows the log of a run to its end, while somebody sees the page. */
export function useRunLog(run: Pick<RunDetail, 'id' | 'stackId' | 'history' | 'finished'>, off: boolean): RunLogState {
  const api = useApi(spaceliftApiRef);
  const visible = useVisible();
  const [log, setLog] = useState<Log & { key: string }>(() => ({ key: '', text: new LogText() }));
  const [state, setState] = useState<RunLogState>({ text: '', done: false });
  const key = `${run.stackId}/${run.id}`;
  const [seen] = useState<{ run: typeof run }>({ run });
  seen.run = run;
  useEffect(() => {
    if (log.key === key) return;
    setLog({ key, text: new LogText() });
    setState({ text: '', done: false });
  }, [key, log]);
  useEffect(() => {
    if (off || !visible || log.key !== key || log.text.done) return undefined;
    const end = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const show = () => {
      timer = undefined;
      setState({ text: log.text.text, done: log.text.done, trouble: log.text.trouble });
    };
    const onChange = () => {
      timer ??= setTimeout(show, pace);
    };
    void read(api, seen, log, end.signal, onChange).then(onChange);
    return () => {
      end.abort();
      clearTimeout(timer);
    };
  }, [api, seen, log, key, off, visible]);
  return state;
}

type Seen = { run: Pick<RunDetail, 'id' | 'stackId' | 'history' | 'finished'> };

interface Log {
  text: LogText;
  /** Reads pages, once streams have been given up. */
  pages?: PageReader;
}

async function read(api: SpaceliftApi, seen: Seen, log: Log, signal: AbortSignal, onChange: () => void) {
  let failures = 0;
  while (!signal.aborted && !log.text.done) {
    try {
      if (log.pages) {
        await log.pages.read(api, seen.run, log.text, signal);
        log.text.trouble = undefined;
        onChange();
        if (!log.text.done) await pause(pollPages, signal);
        continue;
      }
      for await (const event of open(api, seen.run, log.text.token, signal)) {
        failures = 0;
        log.text.add(event);
        onChange();
        if (event.type === 'end') break;
      }
      if (!log.text.done) await pause(backoff(0), signal);
    } catch (error) {
      if (signal.aborted) return;
      failures++;
      log.text.trouble = wordsOf(error).text;
      if (!log.pages && failures >= patience) Object.assign(log, { text: new LogText(), pages: new PageReader() });
      onChange();
      if (isRouteMissing(error)) return;
      await pause(backoff(failures), signal);
    }
  }
}

async function* open(api: SpaceliftApi, run: Seen['run'], token: string | undefined, signal: AbortSignal): AsyncGenerator<RunLogEvent> {
  const own = new AbortController();
  const end = () => own.abort();
  signal.addEventListener('abort', end);
  let timer = setTimeout(end, silence);
  try {
    for await (const event of readLines(await api.openLog(run.stackId, run.id, token, own.signal))) {
      clearTimeout(timer);
      timer = setTimeout(end, silence);
      yield event as RunLogEvent;
    }
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
    own.abort();
  }
}

/** Reads the log phase by phase, page by page, and goes on where it was. */
export class PageReader {
  private tokens = new Map<number, string | undefined>();
  private ended = new Set<number>();

  async read(api: SpaceliftApi, run: Seen['run'], text: LogText, signal: AbortSignal): Promise<void> {
    const phases = run.history.filter((step) => step.hasLogs);
    for (const { state, stateVersion } of phases) {
      while (!this.ended.has(stateVersion)) {
        const phase = { state, version: stateVersion, token: this.tokens.get(stateVersion) };
        const page = await api.logPage(run.stackId, run.id, phase, signal);
        if (page.messages.length > 0) text.add({ type: 'log', state, stateVersion, messages: page.messages });
        if (page.expired) text.add({ type: 'expired', state, stateVersion });
        if (page.nextToken !== undefined) this.tokens.set(stateVersion, page.nextToken);
        if (page.finished || page.expired) this.ended.add(stateVersion);
        else if (!page.hasMore) break;
      }
    }
    if (run.finished && phases.every((step) => this.ended.has(step.stateVersion))) text.add({ type: 'done' });
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}
