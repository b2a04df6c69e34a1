import {
  spaceliftApiRef,
  useSpaceliftLinks
} from "./chunk-GXFRMVBW.esm.js";
import {
  Ago
} from "./chunk-CZSHZ6WC.esm.js";
import {
  isRouteMissing
} from "./chunk-2KH3C2MS.esm.js";

// src/spacelift/live.tsx
import { createContext, useContext, useEffect as useEffect2, useMemo, useRef, useState as useState2 } from "react";
import { useApi } from "@backstage/core-plugin-api";

// src/api/events.ts
var silence = 5e4;
var longest = 1e6;
async function* readLines(body) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (; ; ) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (rest + decoder.decode(value, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > longest) throw new Error("a line of the stream of events is too long");
      for (const line of lines) {
        const event = parsed(line);
        if (event !== void 0) yield event;
      }
    }
  } finally {
    await reader.cancel().catch(() => void 0);
  }
}
function parsed(line) {
  try {
    return line.trim() ? JSON.parse(line) : void 0;
  } catch {
    return void 0;
  }
}
function backoff(failures, random = Math.random) {
  return Math.min(3e4, 1e3 * 2 ** failures) * (0.5 + random() / 2);
}
async function follow(signal, { open, onEvent, onState, hopeless }) {
  let failures = 0;
  while (!signal.aborted) {
    try {
      for await (const event of listen(signal, open)) {
        onState("live");
        failures = 0;
        if (event.type === "end") break;
        onEvent(event);
      }
    } catch (error) {
      if (signal.aborted || hopeless(error)) break;
      failures++;
    }
    if (signal.aborted) break;
    onState("waiting");
    await pause(backoff(failures), signal);
  }
  onState("off");
}
async function* listen(signal, open) {
  const own = new AbortController();
  const end = () => own.abort();
  signal.addEventListener("abort", end);
  let timer = setTimeout(end, silence);
  try {
    for await (const event of readLines(await open(own.signal))) {
      clearTimeout(timer);
      timer = setTimeout(end, silence);
      yield event;
    }
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
    own.abort();
  }
}
function pause(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}

// src/hooks/useVisible.ts
import { useEffect, useState } from "react";
var seen = () => document.visibilityState === "visible";
function useVisible() {
  const [visible, setVisible] = useState(seen);
  useEffect(() => {
    const changed = () => setVisible(seen());
    document.addEventListener("visibilitychange", changed);
    return () => document.removeEventListener("visibilitychange", changed);
  }, []);
  return visible;
}

// src/spacelift/live.tsx
import { jsx } from "react/jsx-runtime";
var LiveContext = createContext({ state: "off", listeners: /* @__PURE__ */ new Set() });
var quiet = 800;
var LiveProvider = ({ children }) => {
  const api = useApi(spaceliftApiRef);
  const visible = useVisible();
  const [state, setState] = useState2("off");
  const [listeners] = useState2(() => /* @__PURE__ */ new Set());
  useEffect2(() => {
    if (!visible) return void 0;
    const end = new AbortController();
    const burst = new Burst((ids) => listeners.forEach((listener) => listener(ids)));
    void follow(end.signal, {
      open: (signal) => api.openEvents(signal),
      hopeless: isRouteMissing,
      onState: (next) => !end.signal.aborted && setState(next),
      onEvent: ({ type, ids }) => {
        if (type === "stacks") burst.add(ids);
        if (type === "hello" || type === "status") burst.add(void 0);
      }
    });
    return () => {
      end.abort();
      burst.end();
    };
  }, [api, visible, listeners]);
  const live = useMemo(() => ({ state, listeners }), [state, listeners]);
  return /* @__PURE__ */ jsx(LiveContext.Provider, { value: live, children });
};
var Burst = class {
  constructor(told) {
    this.told = told;
    this.ids = /* @__PURE__ */ new Set();
    this.any = false;
  }
  add(ids) {
    if (ids) ids.forEach((id) => this.ids.add(id));
    else this.any = true;
    this.timer ??= setTimeout(() => this.tell(), quiet);
  }
  end() {
    clearTimeout(this.timer);
  }
  tell() {
    const ids = this.any ? void 0 : [...this.ids];
    this.ids = /* @__PURE__ */ new Set();
    this.any = false;
    this.timer = void 0;
    this.told(ids);
  }
};
function useChanges(onChange) {
  const { state, listeners } = useContext(LiveContext);
  const latest = useRef(onChange);
  latest.current = onChange;
  useEffect2(() => {
    const listener = (ids) => latest.current(ids);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }, [listeners]);
  return state;
}
function pollAfter(live, error) {
  if (error !== void 0) return 1e4;
  return live === "live" ? 3e4 : 1e4;
}

// src/spacelift/Delta.tsx
import { makeStyles } from "@material-ui/core/styles";
import { Fragment, jsx as jsx2, jsxs } from "react/jsx-runtime";
var useStyles = makeStyles((theme) => ({
  delta: { display: "inline-flex", gap: theme.spacing(1), fontFamily: "monospace", whiteSpace: "nowrap" },
  add: { color: theme.palette.success.main },
  change: { color: theme.palette.warning.main },
  delete: { color: theme.palette.error.main }
}));
var Delta = ({ delta }) => {
  const classes = useStyles();
  if (!delta) return /* @__PURE__ */ jsx2(Fragment, { children: "\u2013" });
  const { add, change } = delta;
  if (add + change + delta.delete === 0) return /* @__PURE__ */ jsx2(Fragment, { children: "No changes" });
  return /* @__PURE__ */ jsxs("span", { className: classes.delta, "aria-label": `${add} to add, ${change} to change, ${delta.delete} to delete`, children: [
    /* @__PURE__ */ jsxs("span", { className: classes.add, children: [
      "+",
      add
    ] }),
    /* @__PURE__ */ jsxs("span", { className: classes.change, children: [
      "~",
      change
    ] }),
    /* @__PURE__ */ jsxs("span", { className: classes.delete, children: [
      "\u2212",
      delta.delete
    ] })
  ] });
};

// src/spacelift/states.tsx
import { StatusAborted, StatusError, StatusOK, StatusPending, StatusRunning, StatusWarning } from "@backstage/core-components";
import { makeStyles as makeStyles2 } from "@material-ui/core/styles";
import { jsx as jsx3 } from "react/jsx-runtime";
var tones = {
  APPLYING: "moving",
  DESTROYING: "moving",
  INITIALIZING: "moving",
  PLANNING: "moving",
  PREPARING: "moving",
  PERFORMING: "moving",
  PREPARING_APPLY: "moving",
  PREPARING_REPLAN: "moving",
  READY: "waiting",
  QUEUED: "waiting",
  PENDING: "waiting",
  CONFIRMED: "waiting",
  REPLAN_REQUESTED: "waiting",
  FINISHED: "good",
  FAILED: "bad",
  UNCONFIRMED: "asking",
  PENDING_REVIEW: "asking"
};
var signs = { moving: StatusRunning, good: StatusOK, bad: StatusError, asking: StatusWarning, waiting: StatusPending, off: StatusAborted };
function stateText(state) {
  const words = state.split("_").join(" ").toLowerCase().trim();
  return words === "" ? "Unknown" : words.charAt(0).toUpperCase() + words.slice(1);
}
var useStyles2 = makeStyles2({ state: { display: "inline-flex", alignItems: "center", whiteSpace: "nowrap" } });
var State = ({ state }) => {
  const classes = useStyles2();
  const Sign = signs[tones[state] ?? "off"];
  return /* @__PURE__ */ jsx3("span", { className: classes.state, "data-state": state, children: /* @__PURE__ */ jsx3(Sign, { children: stateText(state) }) });
};
var groups = {
  attention: "Needs attention",
  failed: "Failed",
  hold: "On hold",
  progress: "In progress",
  finished: "Finished",
  other: "Other"
};
var isStartable = (state) => ["DISCARDED", "FAILED", "STOPPED", "FINISHED", "NONE"].includes(state);

// src/spacelift/StackLink.tsx
import { Link } from "@backstage/core-components";
import { Fragment as Fragment2, jsx as jsx4 } from "react/jsx-runtime";
var StackLink = ({ id, url, children }) => {
  const to = useSpaceliftLinks().stack(id) ?? httpOnly(url);
  return to ? /* @__PURE__ */ jsx4(Link, { to, children }) : /* @__PURE__ */ jsx4(Fragment2, { children });
};
var RunLink = ({ stack, run, url, children }) => {
  const to = useSpaceliftLinks().run(stack, run) ?? httpOnly(url);
  return to ? /* @__PURE__ */ jsx4(Link, { to, children }) : /* @__PURE__ */ jsx4(Fragment2, { children });
};
var Outside = ({ url, children }) => {
  const to = httpOnly(url);
  return to ? /* @__PURE__ */ jsx4(Link, { to, target: "_blank", rel: "noopener noreferrer", children }) : /* @__PURE__ */ jsx4(Fragment2, { children });
};
var httpOnly = (url) => url && /^https?:\/\//i.test(url) ? url : void 0;

// src/spacelift/StacksTable.tsx
import { Table } from "@backstage/core-components";
import Chip from "@material-ui/core/Chip";
import { makeStyles as makeStyles3 } from "@material-ui/core/styles";
import Typography from "@material-ui/core/Typography";

// src/spacelift/TriggerButton.tsx
import Button from "@material-ui/core/Button";
import IconButton from "@material-ui/core/IconButton";
import Tooltip from "@material-ui/core/Tooltip";
import PlayArrowIcon from "@material-ui/icons/PlayArrow";
import { jsx as jsx5 } from "react/jsx-runtime";
function refusalOf({ trigger }) {
  if (trigger.allowed) return void 0;
  return trigger.reason ?? (trigger.pending ? "A run that was triggered here is still pending." : "Spacelift does not allow it now.");
}
var TriggerButton = ({ name, refusal, onClick, large }) => {
  const label = refusal ? `Trigger ${name}: ${refusal}` : `Trigger ${name}`;
  const button = large ? /* @__PURE__ */ jsx5(Button, { variant: "contained", color: "primary", startIcon: /* @__PURE__ */ jsx5(PlayArrowIcon, {}), disabled: !!refusal, onClick, children: "Trigger" }) : /* @__PURE__ */ jsx5(IconButton, { size: "small", "aria-label": label, disabled: !!refusal, onClick, children: /* @__PURE__ */ jsx5(PlayArrowIcon, {}) });
  return /* @__PURE__ */ jsx5(Tooltip, { title: refusal ?? "Trigger a run", children: /* @__PURE__ */ jsx5("span", { children: button }) });
};

// src/spacelift/StacksTable.tsx
import { Fragment as Fragment3, jsx as jsx6, jsxs as jsxs2 } from "react/jsx-runtime";
var useStyles3 = makeStyles3((theme) => ({
  labels: { display: "flex", flexWrap: "wrap", gap: theme.spacing(0.5), "& .MuiChip-root": { margin: 0 } },
  empty: { padding: theme.spacing(4), display: "flex", justifyContent: "center" }
}));
var shown = 3;
var Labels = ({ labels }) => {
  const classes = useStyles3();
  const rest = labels.slice(shown);
  return /* @__PURE__ */ jsxs2("div", { className: classes.labels, children: [
    labels.slice(0, shown).map((label) => /* @__PURE__ */ jsx6(Chip, { size: "small", label }, label)),
    rest.length > 0 && /* @__PURE__ */ jsx6(Chip, { size: "small", variant: "outlined", label: `+${rest.length}`, title: rest.join("\n") })
  ] });
};
var rowOf = (stack) => ({
  ...stack,
  repository: [stack.namespace, stack.repository].filter(Boolean).join("/") || void 0,
  refusal: refusalOf(stack),
  startable: true
});
var columns = ({ onTrigger, pages }) => [
  {
    title: "Name",
    field: "name",
    width: "auto",
    highlight: true,
    render: (s) => /* @__PURE__ */ jsxs2(Fragment3, { children: [
      pages ? /* @__PURE__ */ jsx6(StackLink, { id: s.id, url: s.url, children: s.name }) : /* @__PURE__ */ jsx6(Outside, { url: s.url, children: s.name }),
      s.repository && /* @__PURE__ */ jsx6(Typography, { variant: "caption", color: "textSecondary", display: "block", children: s.repository })
    ] })
  },
  { title: "State", field: "state", width: "auto", render: (s) => /* @__PURE__ */ jsx6(State, { state: s.state }) },
  ...pages ? [{ title: "Since", width: "auto", render: (s) => /* @__PURE__ */ jsx6(Ago, { time: s.stateSetAt }) }] : [],
  { title: "Space", field: "space.name", width: "auto", render: (s) => /* @__PURE__ */ jsx6(Outside, { url: s.space.url, children: s.space.name }) },
  { title: "Branch", field: "branch", width: "auto" },
  { title: "Labels", field: "labels", width: "auto", render: (s) => /* @__PURE__ */ jsx6(Labels, { labels: s.labels }) },
  ...onTrigger ? [{
    title: "",
    width: "1%",
    sorting: false,
    render: (s) => s.startable && /* @__PURE__ */ jsx6(TriggerButton, { name: s.name, refusal: s.refusal, onClick: () => onTrigger(s) })
  }] : []
];
var StacksTable = (props) => {
  const classes = useStyles3();
  const { title, rows, loading, empty, paging, search = false } = props;
  return /* @__PURE__ */ jsx6(
    Table,
    {
      title,
      columns: columns(props),
      data: rows.map((row) => ({ ...row })),
      isLoading: loading,
      ...paging,
      emptyContent: /* @__PURE__ */ jsx6("div", { className: classes.empty, children: loading ? "Loading\u2026" : empty }),
      options: {
        pageSize: 20,
        pageSizeOptions: [20, 50, 100],
        emptyRowsWhenPaging: false,
        paging: rows.length > 20,
        ...paging?.options,
        padding: "dense",
        search,
        sorting: paging === void 0,
        draggable: false
      }
    }
  );
};

// src/spacelift/officialRow.ts
function officialRow({ id, name, labels, state, branch, spaceDetails }, host) {
  const base = host && `https://${host.replace(/^https?:\/\//, "").replace(/\/+$/, "")}`;
  return {
    id,
    name,
    labels,
    state,
    branch,
    space: { name: spaceDetails.name, url: base && `${base}/spaces/${encodeURIComponent(spaceDetails.id)}` },
    url: base && `${base}/stack/${encodeURIComponent(id)}`,
    startable: isStartable(state)
  };
}

export {
  readLines,
  backoff,
  useVisible,
  LiveProvider,
  useChanges,
  pollAfter,
  Delta,
  stateText,
  State,
  groups,
  StackLink,
  RunLink,
  Outside,
  officialRow,
  refusalOf,
  TriggerButton,
  rowOf,
  StacksTable
};
