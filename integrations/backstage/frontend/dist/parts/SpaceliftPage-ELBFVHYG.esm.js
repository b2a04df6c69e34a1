import {
  usePages
} from "./chunk-LUND67FC.esm.js";
import {
  RunsTable,
  TriggerDialog,
  isLost,
  isReadOnly,
  newKey,
  useStatus
} from "./chunk-5ESZCIIW.esm.js";
import {
  useAction
} from "./chunk-5CTVN5O7.esm.js";
import {
  Fact,
  Facts
} from "./chunk-2AXT4I27.esm.js";
import {
  Delta,
  LiveProvider,
  Outside,
  RunLink,
  StackLink,
  StacksTable,
  State,
  TriggerButton,
  backoff,
  groups,
  officialRow,
  pollAfter,
  readLines,
  refusalOf,
  rowOf,
  stateText,
  useChanges,
  useVisible
} from "./chunk-IP5OFDLE.esm.js";
import {
  isV1Missing,
  spaceliftApiRef,
  useSpaceliftLinks
} from "./chunk-GXFRMVBW.esm.js";
import {
  Ago,
  Person,
  Problem,
  duration,
  useLoad
} from "./chunk-CZSHZ6WC.esm.js";
import {
  ApiError,
  isRouteMissing,
  wordsOf
} from "./chunk-2KH3C2MS.esm.js";

// src/spacelift/SpaceliftPage.tsx
import { Content as Content4, EmptyState, Header as Header4, Page as Page4 } from "@backstage/core-components";
import { Route, Routes } from "react-router-dom";

// src/spacelift/RunView.tsx
import { Content, Header, HeaderLabel, InfoCard as InfoCard3, Page, Progress } from "@backstage/core-components";
import { useApi as useApi3 } from "@backstage/core-plugin-api";
import Grid from "@material-ui/core/Grid";
import { useParams } from "react-router-dom";

// src/spacelift/RunActions.tsx
import { useApi } from "@backstage/core-plugin-api";
import Button from "@material-ui/core/Button";
import Dialog from "@material-ui/core/Dialog";
import DialogActions from "@material-ui/core/DialogActions";
import DialogContent from "@material-ui/core/DialogContent";
import DialogContentText from "@material-ui/core/DialogContentText";
import DialogTitle from "@material-ui/core/DialogTitle";
import TextField from "@material-ui/core/TextField";
import Typography from "@material-ui/core/Typography";
import Alert from "@material-ui/lab/Alert";
import AlertTitle from "@material-ui/lab/AlertTitle";
import { useEffect, useState } from "react";
import { Fragment, jsx, jsxs } from "react/jsx-runtime";
var looks = {
  confirm: { label: "Confirm", question: "Confirm this run?", hint: "What it planned is applied.", main: true },
  discard: { label: "Discard", question: "Discard this run?", hint: "What it planned is not applied." },
  cancel: { label: "Cancel run", question: "Cancel this run?", hint: "It has not begun, and will not." },
  stop: { label: "Stop run", question: "Stop this run?", hint: "The worker takes some seconds to stop. Nothing is applied." }
};
var RunActions = ({ run, onDone }) => {
  const [asked, setAsked] = useState();
  const actions = run.allowedActions.filter((action) => action in looks);
  return /* @__PURE__ */ jsxs(Fragment, { children: [
    actions.length > 0 && /* @__PURE__ */ jsx("div", { style: { display: "flex", gap: 8, marginBottom: 16 }, children: actions.map((action) => /* @__PURE__ */ jsx(Button, { variant: looks[action].main ? "contained" : "outlined", color: looks[action].main ? "primary" : "default", onClick: () => setAsked(action), children: looks[action].label }, action)) }),
    run.actionsReason && /* @__PURE__ */ jsx(Typography, { variant: "body2", color: "textSecondary", paragraph: true, children: run.actionsReason }),
    asked && /* @__PURE__ */ jsx(Ask, { run, action: asked, onClose: () => setAsked(void 0), onDone })
  ] });
};
var Ask = ({ run, action, onClose, onDone }) => {
  const api = useApi(spaceliftApiRef);
  const [note, setNote] = useState("");
  const [key] = useState(newKey);
  const [done, setDone] = useState(false);
  const { run: act, busy, error } = useAction(async () => {
    try {
      await api.act(run.stackId, run.id, action, note.trim(), key);
      setDone(true);
    } finally {
      onDone();
    }
  });
  useEffect(() => {
    if (done) onClose();
  }, [done, onClose]);
  const { label, question, hint } = looks[action];
  const lost = error !== void 0 && isLost(error);
  const gone = !run.allowedActions.includes(action);
  const submit = (event) => {
    event.preventDefault();
    act();
  };
  return /* @__PURE__ */ jsx(Dialog, { open: true, onClose: busy ? void 0 : onClose, fullWidth: true, maxWidth: "sm", "aria-labelledby": "understudy-act-title", children: /* @__PURE__ */ jsxs("form", { onSubmit: submit, "aria-busy": busy, children: [
    /* @__PURE__ */ jsx(DialogTitle, { id: "understudy-act-title", children: question }),
    /* @__PURE__ */ jsxs(DialogContent, { children: [
      /* @__PURE__ */ jsxs(DialogContentText, { children: [
        run.stackName,
        ": ",
        run.title || run.id,
        ". ",
        hint
      ] }),
      /* @__PURE__ */ jsx(
        TextField,
        {
          label: "Note",
          value: note,
          onChange: (e) => setNote(e.target.value),
          inputProps: { maxLength: 500 },
          helperText: "For your colleagues: it is kept in the audit log and shown at Spacelift.",
          variant: "outlined",
          margin: "dense",
          autoFocus: true,
          fullWidth: true
        }
      ),
      /* @__PURE__ */ jsxs("div", { "aria-live": "assertive", children: [
        lost && /* @__PURE__ */ jsxs(Alert, { severity: "warning", variant: "outlined", children: [
          /* @__PURE__ */ jsx(AlertTitle, { children: "It is not known whether that has happened" }),
          wordsOf(error).text,
          " The state of the run on this page tells as soon as it is known."
        ] }),
        error !== void 0 && !lost && /* @__PURE__ */ jsx(Problem, { error }),
        gone && !busy && error === void 0 && /* @__PURE__ */ jsx(Alert, { severity: "info", variant: "outlined", children: "The run has gone on: this cannot be done any more." })
      ] })
    ] }),
    /* @__PURE__ */ jsxs(DialogActions, { children: [
      /* @__PURE__ */ jsx(Button, { onClick: onClose, disabled: busy, children: "Back" }),
      /* @__PURE__ */ jsx(Button, { type: "submit", variant: "contained", color: "primary", disabled: busy || gone, children: busy ? "Sending\u2026" : label })
    ] })
  ] }) });
};

// src/spacelift/RunHistory.tsx
import { InfoCard } from "@backstage/core-components";
import List from "@material-ui/core/List";
import ListItem from "@material-ui/core/ListItem";
import Typography2 from "@material-ui/core/Typography";
import { Fragment as Fragment2, jsx as jsx2, jsxs as jsxs2 } from "react/jsx-runtime";
var RunHistory = ({ run }) => /* @__PURE__ */ jsxs2(InfoCard, { title: "History", noPadding: true, children: [
  /* @__PURE__ */ jsx2(List, { dense: true, children: run.history.map((step, i) => {
    const next = run.history[i + 1];
    const took = next && step.timestamp && next.timestamp ? Date.parse(next.timestamp) - Date.parse(step.timestamp) : void 0;
    const who = step.requestedBy ?? step.username;
    return /* @__PURE__ */ jsxs2(ListItem, { divider: i < run.history.length - 1, style: { display: "block" }, children: [
      /* @__PURE__ */ jsxs2("div", { style: { display: "flex", justifyContent: "space-between", gap: 8 }, children: [
        /* @__PURE__ */ jsx2(State, { state: step.state }),
        /* @__PURE__ */ jsx2(Typography2, { variant: "caption", color: "textSecondary", children: took !== void 0 ? duration(took) : time(step.timestamp) })
      ] }),
      (who || step.note) && /* @__PURE__ */ jsxs2(Typography2, { variant: "caption", color: "textSecondary", component: "div", children: [
        who && /* @__PURE__ */ jsx2(Person, { who }),
        " ",
        step.note && /* @__PURE__ */ jsxs2(Fragment2, { children: [
          "\u201C",
          step.note,
          "\u201D"
        ] })
      ] })
    ] }, step.stateVersion);
  }) }),
  run.comments.map((comment, i) => /* @__PURE__ */ jsxs2(Typography2, { variant: "body2", style: { padding: "0 16px 12px", overflowWrap: "anywhere" }, children: [
    comment.username && /* @__PURE__ */ jsxs2("strong", { children: [
      comment.username,
      ": "
    ] }),
    comment.body
  ] }, i))
] });
var time = (at) => at ? new Date(at).toLocaleTimeString() : "";

// src/spacelift/RunLog.tsx
import { InfoCard as InfoCard2, LogViewer } from "@backstage/core-components";
import FormControlLabel from "@material-ui/core/FormControlLabel";
import { makeStyles } from "@material-ui/core/styles";
import Switch from "@material-ui/core/Switch";
import Typography3 from "@material-ui/core/Typography";
import { useEffect as useEffect3, useState as useState3 } from "react";

// src/spacelift/useRunLog.ts
import { useApi as useApi2 } from "@backstage/core-plugin-api";
import { useEffect as useEffect2, useState as useState2 } from "react";

// src/spacelift/logText.ts
var longest = 5e6;
var bold = (text) => `\x1B[1m${text}\x1B[0m
`;
var LogText = class {
  constructor() {
    this.text = "";
    this.done = false;
    this.phases = /* @__PURE__ */ new Set();
  }
  add(event) {
    if (event.token !== void 0) this.token = event.token;
    if (event.type !== "heartbeat") this.trouble = event.type === "trouble" ? event.error ?? "The log cannot be read just now" : void 0;
    switch (event.type) {
      case "phase":
        if (event.hasLogs) this.phase(event.state, event.stateVersion);
        break;
      case "log":
        this.phase(event.state, event.stateVersion);
        for (const { message } of event.messages ?? []) this.write(message);
        break;
      case "expired":
        this.line(bold(`The log of ${stateText(event.state ?? "").toLowerCase()} is older than Spacelift keeps logs.`));
        break;
      case "skipped":
        this.line(bold("Some of the log is left out here. The whole of it is at Spacelift."));
        break;
      case "done":
        this.done = true;
        break;
      default:
    }
  }
  /** Messages may end in a newline or not. */
  write(message) {
    if (this.text.length < longest) this.text += message.endsWith("\n") ? message : `${message}
`;
  }
  phase(state = "", version = -1) {
    if (this.phases.has(version)) return;
    this.phases.add(version);
    this.line(bold(`\u2500\u2500 ${stateText(state)} \u2500\u2500`));
  }
  line(text) {
    this.write(text);
  }
};

// src/spacelift/useRunLog.ts
var pace = 250;
var silence = 5e4;
var patience = 3;
var pollPages = 3e3;
function useRunLog(run, off) {
  const api = useApi2(spaceliftApiRef);
  const visible = useVisible();
  const [log, setLog] = useState2(() => ({ key: "", text: new LogText() }));
  const [state, setState] = useState2({ text: "", done: false });
  const key = `${run.stackId}/${run.id}`;
  const [seen] = useState2({ run });
  seen.run = run;
  useEffect2(() => {
    if (log.key === key) return;
    setLog({ key, text: new LogText() });
    setState({ text: "", done: false });
  }, [key, log]);
  useEffect2(() => {
    if (off || !visible || log.key !== key || log.text.done) return void 0;
    const end = new AbortController();
    let timer;
    const show = () => {
      timer = void 0;
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
async function read(api, seen, log, signal, onChange) {
  let failures = 0;
  while (!signal.aborted && !log.text.done) {
    try {
      if (log.pages) {
        await log.pages.read(api, seen.run, log.text, signal);
        log.text.trouble = void 0;
        onChange();
        if (!log.text.done) await pause(pollPages, signal);
        continue;
      }
      for await (const event of open(api, seen.run, log.text.token, signal)) {
        failures = 0;
        log.text.add(event);
        onChange();
        if (event.type === "end") break;
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
async function* open(api, run, token, signal) {
  const own = new AbortController();
  const end = () => own.abort();
  signal.addEventListener("abort", end);
  let timer = setTimeout(end, silence);
  try {
    for await (const event of readLines(await api.openLog(run.stackId, run.id, token, own.signal))) {
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
var PageReader = class {
  constructor() {
    this.tokens = /* @__PURE__ */ new Map();
    this.ended = /* @__PURE__ */ new Set();
  }
  async read(api, run, text, signal) {
    const phases = run.history.filter((step) => step.hasLogs);
    for (const { state, stateVersion } of phases) {
      while (!this.ended.has(stateVersion)) {
        const phase = { state, version: stateVersion, token: this.tokens.get(stateVersion) };
        const page = await api.logPage(run.stackId, run.id, phase, signal);
        if (page.messages.length > 0) text.add({ type: "log", state, stateVersion, messages: page.messages });
        if (page.expired) text.add({ type: "expired", state, stateVersion });
        if (page.nextToken !== void 0) this.tokens.set(stateVersion, page.nextToken);
        if (page.finished || page.expired) this.ended.add(stateVersion);
        else if (!page.hasMore) break;
      }
    }
    if (run.finished && phases.every((step) => this.ended.has(step.stateVersion))) text.add({ type: "done" });
  }
};
function pause(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}

// src/spacelift/RunLog.tsx
import { jsx as jsx3 } from "react/jsx-runtime";
var useStyles = makeStyles({
  log: { height: 560 },
  follow: { margin: "8px 8px 0 0" }
});
var RunLog = ({ run }) => {
  const classes = useStyles();
  const log = useRunLog(run, !run.logsAllowed);
  const [follow, setFollow] = useState3(true);
  const [still, setStill] = useState3("");
  useEffect3(() => {
    if (follow) setStill(log.text);
  }, [follow, log.text]);
  const text = follow ? log.text : still;
  const title = "Log";
  if (!run.logsAllowed) return /* @__PURE__ */ jsx3(InfoCard2, { title, children: /* @__PURE__ */ jsx3(Typography3, { children: "You may not read the logs of this stack." }) });
  const more = log.text.length > text.length;
  return /* @__PURE__ */ jsx3(
    InfoCard2,
    {
      title,
      subheader: log.trouble ?? (log.done ? "Complete" : more ? "There is more by now" : "Follows the run"),
      action: !log.done || more ? /* @__PURE__ */ jsx3(
        FormControlLabel,
        {
          className: classes.follow,
          control: /* @__PURE__ */ jsx3(Switch, { checked: follow, onChange: (_, on) => setFollow(on), color: "primary" }),
          label: "Follow"
        }
      ) : void 0,
      children: text === "" ? /* @__PURE__ */ jsx3(Typography3, { color: "textSecondary", children: log.done ? "This run has left no log." : "Nothing has been written yet." }) : /* @__PURE__ */ jsx3("div", { className: classes.log, "data-testid": "run-log", children: /* @__PURE__ */ jsx3(LogViewer, { text }) })
    }
  );
};

// src/spacelift/RunView.tsx
import { jsx as jsx4, jsxs as jsxs3 } from "react/jsx-runtime";
var pollRun = 3e3;
var pollEnded = 6e4;
var RunView = () => {
  const { stackId = "", runId = "" } = useParams();
  const api = useApi3(spaceliftApiRef);
  const links = useSpaceliftLinks();
  const status = useStatus();
  useChanges((ids) => (ids === void 0 || ids.includes(stackId)) && run.reload());
  const run = useLoad(`run/${stackId}/${runId}`, (signal) => api.run(stackId, runId, signal), {
    every: (value2, error2) => isRouteMissing(error2) ? false : value2?.finished ? pollEnded : pollRun
  });
  const { value, error, reload } = run;
  const told = isRouteMissing(error) ? new ApiError(404, "This backend has no pages of runs: it is an older Understudy, or none") : error;
  return /* @__PURE__ */ jsxs3(Page, { themeId: "tool", children: [
    /* @__PURE__ */ jsxs3(Header, { title: value?.title || runId, type: value?.stackName ?? stackId, typeLink: links.stack(stackId), pageTitleOverride: runId, children: [
      /* @__PURE__ */ jsx4(HeaderLabel, { label: "Run", value: runId }),
      value?.branch && /* @__PURE__ */ jsx4(HeaderLabel, { label: "Branch", value: value.branch })
    ] }),
    /* @__PURE__ */ jsxs3(Content, { children: [
      told !== void 0 && /* @__PURE__ */ jsx4(Problem, { error: told, onRetry: reload, children: value && "What is shown was read before." }),
      run.loading && /* @__PURE__ */ jsx4(Progress, {}),
      value && /* @__PURE__ */ jsxs3(Grid, { container: true, spacing: 3, children: [
        /* @__PURE__ */ jsx4(Grid, { item: true, xs: 12, md: 8, children: /* @__PURE__ */ jsx4(About, { run: value, actions: !isReadOnly(status.value), onDone: reload }) }),
        /* @__PURE__ */ jsx4(Grid, { item: true, xs: 12, md: 4, children: /* @__PURE__ */ jsx4(RunHistory, { run: value }) }),
        /* @__PURE__ */ jsx4(Grid, { item: true, xs: 12, children: /* @__PURE__ */ jsx4(RunLog, { run: value }) })
      ] })
    ] })
  ] });
};
var About = ({ run, actions, onDone }) => /* @__PURE__ */ jsxs3(
  InfoCard3,
  {
    title: "Run",
    subheader: /* @__PURE__ */ jsx4(State, { state: run.state }),
    deepLink: run.url ? { title: "Open in Spacelift", link: run.url } : void 0,
    children: [
      actions && /* @__PURE__ */ jsx4(RunActions, { run, onDone }),
      /* @__PURE__ */ jsxs3(Facts, { children: [
        /* @__PURE__ */ jsx4(Fact, { label: "Changes", wide: 4, children: /* @__PURE__ */ jsx4(Delta, { delta: run.delta }) }),
        /* @__PURE__ */ jsx4(Fact, { label: "Created", wide: 4, children: /* @__PURE__ */ jsx4(Ago, { time: run.createdAt }) }),
        /* @__PURE__ */ jsx4(Fact, { label: "Kind", wide: 4, children: kindOf(run) }),
        /* @__PURE__ */ jsx4(Fact, { label: "By", wide: 4, children: /* @__PURE__ */ jsx4(Person, { who: run.requestedBy ?? run.triggeredBy ?? run.commit?.author }) }),
        /* @__PURE__ */ jsx4(Fact, { label: "Reason", wide: 4, children: run.reason || "\u2013" }),
        /* @__PURE__ */ jsx4(Fact, { label: "Commit", wide: 4, children: run.commit ? /* @__PURE__ */ jsxs3(Outside, { url: run.commit.url, children: [
          run.commit.hash.slice(0, 8),
          " ",
          run.commit.message.split("\n")[0]
        ] }) : "\u2013" }),
        run.needsApproval && /* @__PURE__ */ jsx4(Fact, { label: "Approval", wide: 4, children: "Wanted, and not there yet" })
      ] })
    ]
  }
);
var kindOf = (run) => {
  const words = (run.type ?? "tracked").toLowerCase();
  return run.drift ? `${words}, drift detection` : words;
};

// src/spacelift/StacksView.tsx
import { Content as Content2, ContentHeader, Header as Header2, Page as Page2, SupportButton } from "@backstage/core-components";
import { useApi as useApi5 } from "@backstage/core-plugin-api";
import { CatalogFilterLayout } from "@backstage/plugin-catalog-react";
import Alert3 from "@material-ui/lab/Alert";
import { useState as useState6 } from "react";

// src/spacelift/OfficialStacks.tsx
import { useApi as useApi4 } from "@backstage/core-plugin-api";
import Alert2 from "@material-ui/lab/Alert";
import { useState as useState4 } from "react";
import { Fragment as Fragment3, jsx as jsx5, jsxs as jsxs4 } from "react/jsx-runtime";
var OfficialStacks = () => {
  const api = useApi4(spaceliftApiRef);
  const { hostUrl, readOnly } = api.settings();
  const { value, error, loading, reload } = useLoad("official", (signal) => api.officialStacks(signal), { every: () => 1e4 });
  const [target, setTarget] = useState4();
  if (isRouteMissing(error)) return /* @__PURE__ */ jsx5(NoBackend, {});
  return /* @__PURE__ */ jsxs4(Fragment3, { children: [
    /* @__PURE__ */ jsx5(Alert2, { severity: "info", variant: "outlined", style: { marginBottom: 16 }, children: "This backend has Spacelift's own plugin, which knows stacks and no runs. Details, runs and logs need Understudy as the backend." }),
    error !== void 0 && /* @__PURE__ */ jsx5(Problem, { error, onRetry: reload, children: value && "What is shown was read before." }),
    /* @__PURE__ */ jsx5(
      StacksTable,
      {
        title: value ? `Stacks (${value.length})` : "Stacks",
        rows: value?.map((stack) => officialRow(stack, hostUrl)) ?? [],
        loading,
        empty: error === void 0 ? "No stacks found" : "The stacks could not be read",
        onTrigger: readOnly ? void 0 : ({ id, name }) => setTarget({ id, name, official: true }),
        pages: false,
        search: true
      }
    ),
    target && /* @__PURE__ */ jsx5(TriggerDialog, { target, onClose: () => setTarget(void 0), onSent: reload })
  ] });
};
var NoBackend = () => /* @__PURE__ */ jsx5(Alert2, { severity: "error", variant: "outlined", children: "No backend plugin answers for Spacelift. Either discovery does not send spacelift-io to Understudy (discovery.endpoints in app-config.yaml), or Understudy's configuration has no section spacelift." });

// src/spacelift/StackFilters.tsx
import Checkbox from "@material-ui/core/Checkbox";
import FormControlLabel2 from "@material-ui/core/FormControlLabel";
import FormGroup from "@material-ui/core/FormGroup";
import FormLabel from "@material-ui/core/FormLabel";
import { makeStyles as makeStyles2 } from "@material-ui/core/styles";
import TextField2 from "@material-ui/core/TextField";
import Autocomplete from "@material-ui/lab/Autocomplete";
import { useEffect as useEffect4, useState as useState5 } from "react";
import { Fragment as Fragment4, jsx as jsx6, jsxs as jsxs5 } from "react/jsx-runtime";
var useStyles2 = makeStyles2((theme) => ({
  part: { marginBottom: theme.spacing(3), display: "block" },
  label: { textTransform: "uppercase", fontSize: 12, fontWeight: "bold", marginBottom: theme.spacing(1), display: "block" },
  check: { marginRight: 0, "& .MuiFormControlLabel-label": { fontSize: 14 } }
}));
var pause2 = 300;
var StackFilters = ({ filters, page, onChange }) => {
  const classes = useStyles2();
  const counts = new Map(page?.groups.map(({ value, count }) => [value, count]));
  const chosen = filters.group ?? [];
  const toggle = (group) => onChange({ group: chosen.includes(group) ? chosen.filter((g) => g !== group) : [...chosen, group] });
  return /* @__PURE__ */ jsxs5(Fragment4, { children: [
    /* @__PURE__ */ jsx6("div", { className: classes.part, children: /* @__PURE__ */ jsx6(Search, { value: filters.q ?? "", onChange: (q) => onChange({ q }) }) }),
    /* @__PURE__ */ jsxs5(FormGroup, { className: classes.part, children: [
      /* @__PURE__ */ jsx6(FormLabel, { className: classes.label, children: "State" }),
      Object.keys(groups).map((group) => /* @__PURE__ */ jsx6("div", { children: /* @__PURE__ */ jsx6(
        FormControlLabel2,
        {
          className: classes.check,
          control: /* @__PURE__ */ jsx6(Checkbox, { size: "small", color: "primary", checked: chosen.includes(group), onChange: () => toggle(group) }),
          label: `${groups[group]} (${counts.get(group) ?? 0})`
        }
      ) }, group))
    ] }),
    /* @__PURE__ */ jsx6(
      Choice,
      {
        label: "Spaces",
        options: page?.spaces.map((s) => s.id) ?? [],
        nameOf: (id) => page?.spaces.find((s) => s.id === id)?.name ?? id,
        value: filters.space ?? [],
        onChange: (space) => onChange({ space })
      }
    ),
    /* @__PURE__ */ jsx6(
      Choice,
      {
        label: "Labels",
        options: page?.labels.map((l) => l.value) ?? [],
        value: filters.label ?? [],
        onChange: (label) => onChange({ label })
      }
    )
  ] });
};
var Search = ({ value, onChange }) => {
  const [text, setText] = useState5(value);
  useEffect4(() => setText(value), [value]);
  useEffect4(() => {
    if (text.trim() === value) return void 0;
    const timer = setTimeout(() => onChange(text.trim()), pause2);
    return () => clearTimeout(timer);
  });
  return /* @__PURE__ */ jsx6(
    TextField2,
    {
      label: "Search",
      type: "search",
      value: text,
      onChange: (e) => setText(e.target.value),
      inputProps: { maxLength: 200 },
      helperText: "Name, id, description, label, branch, repository or space",
      variant: "outlined",
      size: "small",
      fullWidth: true
    }
  );
};
var Choice = ({ label, options, value, nameOf, onChange }) => {
  const classes = useStyles2();
  return /* @__PURE__ */ jsx6(
    Autocomplete,
    {
      className: classes.part,
      multiple: true,
      disableCloseOnSelect: true,
      size: "small",
      options: [.../* @__PURE__ */ new Set([...options, ...value])],
      getOptionLabel: nameOf ?? ((option) => option),
      value: [...value],
      onChange: (_, next) => onChange(next),
      renderInput: (params) => /* @__PURE__ */ jsx6(TextField2, { ...params, label, variant: "outlined" })
    }
  );
};

// src/spacelift/useStackFilters.ts
import { useCallback, useMemo } from "react";
import { useSearchParams } from "react-router-dom";
var lists = ["group", "space", "label"];
function useStackFilters() {
  const [params, setParams] = useSearchParams();
  const filters = useMemo(() => ({
    q: params.get("q") ?? "",
    ...Object.fromEntries(lists.map((name) => [name, params.getAll(name)]))
  }), [params]);
  const change = useCallback((changed) => {
    const next = { ...filters, ...changed };
    const wanted = new URLSearchParams();
    if (next.q) wanted.set("q", next.q);
    for (const name of lists) for (const value of next[name] ?? []) wanted.append(name, value);
    setParams(wanted, { replace: true });
  }, [filters, setParams]);
  return [filters, change];
}

// src/spacelift/StacksView.tsx
import { Fragment as Fragment5, jsx as jsx7, jsxs as jsxs6 } from "react/jsx-runtime";
var StacksView = () => {
  const [filters, onChange] = useStackFilters();
  const status = useStatus();
  const { value, error } = status;
  const official = isV1Missing(error);
  return /* @__PURE__ */ jsxs6(Page2, { themeId: "tool", children: [
    /* @__PURE__ */ jsx7(Header2, { title: "Spacelift", subtitle: value?.account ?? "Stacks and their runs" }),
    /* @__PURE__ */ jsxs6(Content2, { children: [
      /* @__PURE__ */ jsx7(ContentHeader, { title: "", children: /* @__PURE__ */ jsx7(SupportButton, { children: "Stacks of the Spacelift account, their runs and logs. Which of them you see, and what you may do, is for your portal's policy to say." }) }),
      official ? /* @__PURE__ */ jsx7(OfficialStacks, {}) : /* @__PURE__ */ jsx7(Stacks, { filters, onFilters: onChange, status: value })
    ] })
  ] });
};
var Stacks = ({ filters, onFilters, status }) => {
  const api = useApi5(spaceliftApiRef);
  const live = useChanges(() => list.reload());
  const list = usePages(JSON.stringify(filters), (cursor, limit, signal) => api.stacks(filters, { limit, cursor }, signal), {
    every: (error2) => pollAfter(live, error2)
  });
  const { page, paging, reload, error, loading } = list;
  const [target, setTarget] = useState6();
  const empty = Object.values(filters).some((f) => f.length > 0) ? "No stack matches the filters" : "No stacks found";
  return /* @__PURE__ */ jsxs6(Fragment5, { children: [
    /* @__PURE__ */ jsx7(StatusNotices, { status }),
    error !== void 0 && !isV1Missing(error) && /* @__PURE__ */ jsx7(Problem, { error, onRetry: reload, children: page && "What is shown was read before." }),
    /* @__PURE__ */ jsxs6(CatalogFilterLayout, { children: [
      /* @__PURE__ */ jsx7(CatalogFilterLayout.Filters, { children: /* @__PURE__ */ jsx7(StackFilters, { filters, page, onChange: onFilters }) }),
      /* @__PURE__ */ jsx7(CatalogFilterLayout.Content, { children: /* @__PURE__ */ jsx7(
        StacksTable,
        {
          title: page ? `Stacks (${page.totalItems})` : "Stacks",
          rows: page?.items.map(rowOf) ?? [],
          loading: loading && error === void 0,
          empty: error === void 0 ? empty : "The stacks could not be read",
          paging,
          onTrigger: status?.readOnly || status?.canWrite === false ? void 0 : ({ id }) => setTarget(page?.items.find((s) => s.id === id)),
          pages: true
        }
      ) })
    ] }),
    target && /* @__PURE__ */ jsx7(TriggerDialog, { target, onClose: () => setTarget(void 0), onSent: reload })
  ] });
};
var StatusNotices = ({ status }) => {
  if (!status) return null;
  const { synced, readOnly, canWrite } = status;
  return /* @__PURE__ */ jsxs6(Fragment5, { children: [
    synced.error && /* @__PURE__ */ jsxs6(Alert3, { severity: "warning", variant: "outlined", style: { marginBottom: 16 }, children: [
      "Spacelift could not be read just now: ",
      synced.error.error,
      synced.at && /* @__PURE__ */ jsxs6(Fragment5, { children: [
        " What is shown is of ",
        /* @__PURE__ */ jsx7(Ago, { time: synced.at }),
        "."
      ] })
    ] }),
    !readOnly && !canWrite && /* @__PURE__ */ jsx7(Alert3, { severity: "info", variant: "outlined", style: { marginBottom: 16 }, children: "The API key of this portal may only read at Spacelift: nothing can be triggered here." })
  ] });
};

// src/spacelift/StackView.tsx
import { Content as Content3, Header as Header3, HeaderLabel as HeaderLabel2, InfoCard as InfoCard4, MarkdownContent, Page as Page3, Progress as Progress2 } from "@backstage/core-components";
import { useApi as useApi6 } from "@backstage/core-plugin-api";
import { EntityRefLink } from "@backstage/plugin-catalog-react";
import Chip from "@material-ui/core/Chip";
import Grid2 from "@material-ui/core/Grid";
import Alert4 from "@material-ui/lab/Alert";
import { useState as useState7 } from "react";
import { useParams as useParams2 } from "react-router-dom";
import { Fragment as Fragment6, jsx as jsx8, jsxs as jsxs7 } from "react/jsx-runtime";
var StackView = () => {
  const { stackId = "" } = useParams2();
  const api = useApi6(spaceliftApiRef);
  const { root } = useSpaceliftLinks();
  const status = useStatus();
  const [asking, setAsking] = useState7(false);
  const [sends, setSends] = useState7(0);
  const live = useChanges((ids) => (ids === void 0 || ids.includes(stackId)) && stack.reload());
  const stack = useLoad(`stack/${stackId}`, (signal) => api.stack(stackId, signal), {
    every: (value2, error2) => value2?.trigger.pending ? 5e3 : pollAfter(live, error2)
  });
  const { value, error } = stack;
  const sent = () => {
    stack.reload();
    setSends(sends + 1);
  };
  return /* @__PURE__ */ jsxs7(Page3, { themeId: "tool", children: [
    /* @__PURE__ */ jsxs7(Header3, { title: value?.name ?? stackId, type: "Spacelift", typeLink: root, pageTitleOverride: value?.name ?? stackId, children: [
      value && /* @__PURE__ */ jsx8(HeaderLabel2, { label: "Space", value: value.space.name }),
      value?.branch && /* @__PURE__ */ jsx8(HeaderLabel2, { label: "Branch", value: value.branch })
    ] }),
    /* @__PURE__ */ jsxs7(Content3, { children: [
      error !== void 0 && /* @__PURE__ */ jsx8(Problem, { error, onRetry: stack.reload, children: value && "What is shown was read before." }),
      stack.loading && /* @__PURE__ */ jsx8(Progress2, {}),
      value && /* @__PURE__ */ jsxs7(Grid2, { container: true, spacing: 3, children: [
        /* @__PURE__ */ jsx8(Grid2, { item: true, xs: 12, children: /* @__PURE__ */ jsx8(About2, { stack: value, onTrigger: isReadOnly(status.value) ? void 0 : () => setAsking(true) }) }),
        /* @__PURE__ */ jsx8(Grid2, { item: true, xs: 12, children: /* @__PURE__ */ jsx8(RunsTable, { stack: value, sends }) })
      ] }),
      asking && value && /* @__PURE__ */ jsx8(TriggerDialog, { target: value, onClose: () => setAsking(false), onSent: sent })
    ] })
  ] });
};
var About2 = ({ stack, onTrigger }) => /* @__PURE__ */ jsxs7(
  InfoCard4,
  {
    title: "Stack",
    subheader: /* @__PURE__ */ jsx8(State, { state: stack.state }),
    action: onTrigger && /* @__PURE__ */ jsx8("div", { style: { padding: 8 }, children: /* @__PURE__ */ jsx8(TriggerButton, { large: true, name: stack.name, refusal: refusalOf(stack), onClick: onTrigger }) }),
    deepLink: stack.url ? { title: "Open in Spacelift", link: stack.url } : void 0,
    children: [
      /* @__PURE__ */ jsx8(Notices, { stack }),
      stack.description && /* @__PURE__ */ jsx8(MarkdownContent, { content: stack.description, dialect: "gfm" }),
      /* @__PURE__ */ jsxs7(Facts, { children: [
        /* @__PURE__ */ jsx8(Fact, { label: "Since", children: /* @__PURE__ */ jsx8(Ago, { time: stack.stateSetAt }) }),
        /* @__PURE__ */ jsx8(Fact, { label: "Repository", children: [stack.namespace, stack.repository].filter(Boolean).join("/") || "\u2013" }),
        /* @__PURE__ */ jsx8(Fact, { label: "Project root", children: stack.projectRoot || "/" }),
        /* @__PURE__ */ jsx8(Fact, { label: "Tool", children: [stack.vendor, stack.terraformVersion].filter(Boolean).join(" ") || "\u2013" }),
        /* @__PURE__ */ jsx8(Fact, { label: "Autodeploy", children: stack.autodeploy ? "On: changes are applied without a question" : "Off: changes wait to be confirmed" }),
        /* @__PURE__ */ jsx8(Fact, { label: "Space", children: /* @__PURE__ */ jsx8(Outside, { url: stack.space.url, children: stack.space.name }) }),
        /* @__PURE__ */ jsx8(Fact, { label: "Worker pool", children: stack.workerPool ?? "Public" }),
        /* @__PURE__ */ jsx8(Fact, { label: "Commit", children: stack.commit ? /* @__PURE__ */ jsxs7(Outside, { url: stack.commit.url, children: [
          stack.commit.hash.slice(0, 8),
          " ",
          stack.commit.message.split("\n")[0]
        ] }) : "\u2013" }),
        stack.labels.length > 0 && /* @__PURE__ */ jsx8(Fact, { label: "Labels", wide: 6, children: stack.labels.map((l) => /* @__PURE__ */ jsx8(Chip, { size: "small", label: l }, l)) }),
        stack.entities.length > 0 && /* @__PURE__ */ jsx8(Fact, { label: "In the catalog", children: stack.entities.map((ref, i) => /* @__PURE__ */ jsxs7("span", { children: [
          i > 0 && ", ",
          /* @__PURE__ */ jsx8(EntityRefLink, { entityRef: ref })
        ] }, ref)) }),
        /* @__PURE__ */ jsx8(Refs, { label: "Depends on", refs: stack.dependsOn }),
        /* @__PURE__ */ jsx8(Refs, { label: "Needed by", refs: stack.dependedOnBy }),
        /* @__PURE__ */ jsx8(Names, { label: "Policies", names: stack.policies }),
        /* @__PURE__ */ jsx8(Names, { label: "Contexts", names: stack.contexts })
      ] })
    ]
  }
);
var Refs = ({ label, refs = [] }) => refs.length === 0 ? null : /* @__PURE__ */ jsx8(Fact, { label, children: refs.map(({ id, name }, i) => /* @__PURE__ */ jsxs7("span", { children: [
  i > 0 && ", ",
  /* @__PURE__ */ jsx8(StackLink, { id, children: name })
] }, id)) });
var Names = ({ label, names = [] }) => names.length === 0 ? null : /* @__PURE__ */ jsx8(Fact, { label, children: [...new Set(names.map(({ name }) => name))].join(", ") });
var Notices = ({ stack }) => {
  const { pending } = stack.trigger;
  const told = { variant: "outlined", style: { marginBottom: 16 } };
  return /* @__PURE__ */ jsxs7(Fragment6, { children: [
    stack.stale && /* @__PURE__ */ jsxs7(Alert4, { severity: "warning", ...told, children: [
      "Spacelift could not be asked just now. What is shown is of ",
      /* @__PURE__ */ jsx8(Ago, { time: stack.syncedAt }),
      "."
    ] }),
    stack.deleting && /* @__PURE__ */ jsx8(Alert4, { severity: "warning", ...told, children: "This stack is being deleted." }),
    stack.disabled && /* @__PURE__ */ jsx8(Alert4, { severity: "info", ...told, children: "This stack is disabled at Spacelift." }),
    stack.lockedBy && /* @__PURE__ */ jsxs7(Alert4, { severity: "info", ...told, children: [
      "Locked by ",
      stack.lockedBy,
      stack.lockNote && /* @__PURE__ */ jsxs7(Fragment6, { children: [
        ": \u201C",
        stack.lockNote,
        "\u201D"
      ] })
    ] }),
    stack.blocker && /* @__PURE__ */ jsxs7(Alert4, { severity: "info", ...told, children: [
      "Other runs wait for ",
      /* @__PURE__ */ jsx8(RunLink, { stack: stack.id, run: stack.blocker, children: stack.blocker }),
      "."
    ] }),
    stack.entitiesError && /* @__PURE__ */ jsx8(Alert4, { severity: "info", ...told, children: stack.entitiesError }),
    pending && /* @__PURE__ */ jsxs7(Alert4, { severity: pending.outcome === "unknown" ? "warning" : "info", ...told, children: [
      /* @__PURE__ */ jsx8(Person, { who: pending.requestedBy }),
      " triggered a run ",
      /* @__PURE__ */ jsx8(Ago, { time: pending.requestedAt }),
      pending.reason && /* @__PURE__ */ jsxs7(Fragment6, { children: [
        ": \u201C",
        pending.reason,
        "\u201D"
      ] }),
      ".",
      pending.runId ? /* @__PURE__ */ jsxs7(Fragment6, { children: [
        " It is ",
        /* @__PURE__ */ jsx8(RunLink, { stack: stack.id, run: pending.runId, children: pending.runId }),
        "."
      ] }) : /* @__PURE__ */ jsxs7(Fragment6, { children: [
        " ",
        pending.message ?? "It is on its way."
      ] })
    ] })
  ] });
};

// src/spacelift/SpaceliftPage.tsx
import { jsx as jsx9, jsxs as jsxs8 } from "react/jsx-runtime";
var SpaceliftPage = () => /* @__PURE__ */ jsx9(LiveProvider, { children: /* @__PURE__ */ jsxs8(Routes, { children: [
  /* @__PURE__ */ jsx9(Route, { path: "/", element: /* @__PURE__ */ jsx9(StacksView, {}) }),
  /* @__PURE__ */ jsx9(Route, { path: "stacks/:stackId", element: /* @__PURE__ */ jsx9(StackView, {}) }),
  /* @__PURE__ */ jsx9(Route, { path: "stacks/:stackId/runs/:runId", element: /* @__PURE__ */ jsx9(RunView, {}) }),
  /* @__PURE__ */ jsx9(Route, { path: "*", element: /* @__PURE__ */ jsx9(Nothing, {}) })
] }) });
var Nothing = () => {
  const { root } = useSpaceliftLinks();
  return /* @__PURE__ */ jsxs8(Page4, { themeId: "tool", children: [
    /* @__PURE__ */ jsx9(Header4, { title: "Spacelift", type: "Spacelift", typeLink: root }),
    /* @__PURE__ */ jsx9(Content4, { children: /* @__PURE__ */ jsx9(EmptyState, { missing: "content", title: "There is nothing here", description: "Stacks are on the Spacelift page." }) })
  ] });
};
export {
  SpaceliftPage
};
