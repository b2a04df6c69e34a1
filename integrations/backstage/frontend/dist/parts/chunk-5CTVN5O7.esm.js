// src/hooks/useAction.ts
import { useCallback, useEffect, useRef, useState } from "react";
function useAction(work) {
  const [state, setState] = useState({ busy: false });
  const latest = useRef(work);
  latest.current = work;
  const busy = useRef(false);
  const here = useRef(true);
  useEffect(() => {
    here.current = true;
    return () => {
      here.current = false;
    };
  }, []);
  const run = useCallback((...args) => {
    if (busy.current) return;
    busy.current = true;
    setState({ busy: true });
    void latest.current(...args).then(() => ({ busy: false }), (error) => ({ busy: false, error })).then((next) => {
      busy.current = false;
      if (here.current) setState(next);
    });
  }, []);
  const forget = useCallback(() => setState((before) => ({ busy: before.busy })), []);
  return { run, ...state, forget };
}

export {
  useAction
};
