import {
  wordsOf
} from "./chunk-2KH3C2MS.esm.js";

// src/hooks/useLoad.ts
import { useCallback, useEffect, useRef, useState } from "react";
function useLoad(key, load, { every, keep = false, off = false } = {}) {
  const [state, setState] = useState({ key: "" });
  const latest = useRef({ load, every });
  latest.current = { load, every };
  const again = useRef(() => void 0);
  useEffect(() => {
    if (off) return void 0;
    const end = new AbortController();
    const loop = new Loop(end.signal, async () => {
      let next;
      try {
        next = { key, value: await latest.current.load(end.signal) };
      } catch (error) {
        next = { key, error };
      }
      if (end.signal.aborted) return false;
      const failed = "error" in next;
      setState((before) => failed && before.key === key ? { ...before, error: next.error } : failed && keep ? { ...before, ...next } : next);
      return latest.current.every?.(next.value, next.error) ?? false;
    });
    again.current = () => loop.run();
    loop.run();
    return () => end.abort();
  }, [key, keep, off]);
  const reload = useCallback(() => again.current(), []);
  const current = state.key === key;
  return {
    value: current || keep ? state.value : void 0,
    error: current ? state.error : void 0,
    loading: !current && !off,
    reload
  };
}
var Loop = class {
  constructor(signal, work) {
    this.signal = signal;
    this.work = work;
    this.busy = false;
    this.wanted = false;
    const seen = () => document.visibilityState === "visible" && this.wanted && this.run();
    document.addEventListener("visibilitychange", seen);
    signal.addEventListener("abort", () => {
      document.removeEventListener("visibilitychange", seen);
      clearTimeout(this.timer);
    });
  }
  run() {
    if (this.busy) {
      this.wanted = true;
      return;
    }
    clearTimeout(this.timer);
    this.wanted = false;
    this.busy = true;
    void this.work().then((ms) => {
      this.busy = false;
      if (this.signal.aborted) return;
      if (this.wanted) this.run();
      else if (ms !== false) this.timer = setTimeout(() => this.due(), ms);
    });
  }
  due() {
    if (document.visibilityState === "visible") this.run();
    else this.wanted = true;
  }
};

// src/ui/Ago.tsx
import Typography from "@material-ui/core/Typography";
import { Fragment, jsx } from "react/jsx-runtime";
var units = [["day", 86400], ["hour", 3600], ["minute", 60]];
function relative(time, now) {
  const seconds = (Date.parse(time) - now) / 1e3;
  const [unit, size] = units.find(([, s]) => Math.abs(seconds) >= s) ?? ["second", 1];
  if (unit === "second") return seconds > 0 ? "in a moment" : "just now";
  return new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(Math.trunc(seconds / size), unit);
}
var Ago = ({ time, now = Date.now() }) => {
  if (!time || Number.isNaN(Date.parse(time))) return /* @__PURE__ */ jsx(Fragment, { children: "\u2013" });
  return /* @__PURE__ */ jsx(Typography, { component: "time", variant: "inherit", dateTime: time, title: new Date(time).toLocaleString(), noWrap: true, children: relative(time, now) });
};
function duration(ms) {
  if (ms < 1e3) return `${Math.max(0, Math.round(ms))} ms`;
  const seconds = Math.round(ms / 1e3);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 ? `${minutes} min ${seconds % 60} s` : `${minutes} min`;
  return minutes % 60 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${minutes / 60} h`;
}

// src/ui/Person.tsx
import { EntityRefLink } from "@backstage/plugin-catalog-react";
import { Fragment as Fragment2, jsx as jsx2 } from "react/jsx-runtime";
var isRef = (who) => /^(user|group|component|resource|system):[^\s:/]+\/[^\s:/]+$/i.test(who);
var Person = ({ who }) => {
  if (!who) return /* @__PURE__ */ jsx2(Fragment2, { children: "\u2013" });
  return isRef(who) ? /* @__PURE__ */ jsx2(EntityRefLink, { entityRef: who }) : /* @__PURE__ */ jsx2(Fragment2, { children: who });
};

// src/ui/Problem.tsx
import Button from "@material-ui/core/Button";
import Alert from "@material-ui/lab/Alert";
import AlertTitle from "@material-ui/lab/AlertTitle";
import { jsx as jsx3, jsxs } from "react/jsx-runtime";
var Problem = ({ error, onRetry, onClose, children }) => {
  const { title, text } = wordsOf(error);
  const retry = onRetry && /* @__PURE__ */ jsx3(Button, { color: "inherit", size: "small", onClick: onRetry, children: "Retry" });
  return /* @__PURE__ */ jsxs(Alert, { severity: "error", variant: "outlined", action: retry, onClose, style: { marginBottom: 16 }, children: [
    /* @__PURE__ */ jsx3(AlertTitle, { children: title }),
    text,
    " ",
    children
  ] });
};

export {
  useLoad,
  Ago,
  duration,
  Person,
  Problem
};
