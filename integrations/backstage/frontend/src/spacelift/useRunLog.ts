import { useApi } from '@backstage/core-plugin-api';
import { useEffect, useMemo, useRef, useState } from 'react';
import { spaceliftApiRef } from '../api/SpaceliftApi';
import { useVisible } from '../hooks/useVisible';
import { LogReader } from './logReader';
import type { LoggedRun } from './pageReader';

export interface RunLogState {
  text: string;
  /** The run has ended, and its log has come to its end. */
  done: boolean;
  /** Some of the log is not in the text. */
  partial: boolean;
  trouble?: string;
}

/** What has come is shown at most so often: a page that draws each line is slow. */
const pace = 250;

const nothing: RunLogState = { text: '', done: false, partial: false };

const stateOf = ({ shown: { text, done, partial }, trouble }: LogReader): RunLogState => ({ text, done, partial, trouble });

/** Follows the log of a run to its end, while somebody sees the page. */
export function useRunLog(run: LoggedRun, off: boolean): RunLogState {
  const api = useApi(spaceliftApiRef);
  const visible = useVisible();
  const key = `${run.stackId}/${run.id}`;
  const reader = useMemo(() => new LogReader(api), [api, key]);
  const [state, setState] = useState<{ reader: LogReader; log: RunLogState }>({ reader, log: nothing });
  const latest = useRef(run);
  latest.current = run;
  useEffect(() => {
    if (off || !visible) return undefined;
    if (reader.done) {
      setState({ reader, log: stateOf(reader) }); // the end came just as the page was left
      return undefined;
    }
    const end = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const show = () => {
      timer = undefined;
      setState({ reader, log: stateOf(reader) });
    };
    const onChange = () => {
      if (!end.signal.aborted) timer ??= setTimeout(show, pace);
    };
    void reader.read(() => latest.current, end.signal, onChange).then(onChange);
    return () => {
      end.abort();
      clearTimeout(timer);
    };
  }, [reader, off, visible]);
  return state.reader === reader ? state.log : nothing;
}
