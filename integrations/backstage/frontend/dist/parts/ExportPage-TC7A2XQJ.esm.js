import {
  exportApiRef
} from "./chunk-MMOL3SH7.esm.js";
import {
  usePages
} from "./chunk-LUND67FC.esm.js";
import {
  useAction
} from "./chunk-5CTVN5O7.esm.js";
import {
  Fact,
  Facts
} from "./chunk-2AXT4I27.esm.js";
import {
  Ago,
  Person,
  Problem,
  duration,
  useLoad
} from "./chunk-CZSHZ6WC.esm.js";
import {
  isRouteMissing
} from "./chunk-2KH3C2MS.esm.js";

// src/exports/ExportPage.tsx
import { Content, ContentHeader, EmptyState, Header, Page, Progress, SupportButton } from "@backstage/core-components";
import { useApi as useApi5 } from "@backstage/core-plugin-api";
import Grid from "@material-ui/core/Grid";
import { useState as useState4 } from "react";
import { Route, Routes, useParams } from "react-router-dom";

// src/exports/Destination.tsx
import { InfoCard, StatusError as StatusError2, StatusOK as StatusOK2, StatusPending as StatusPending2 } from "@backstage/core-components";
import { makeStyles } from "@material-ui/core/styles";

// src/exports/words.tsx
import { StatusAborted, StatusError, StatusOK, StatusPending, StatusRunning, StatusWarning } from "@backstage/core-components";
import { jsx } from "react/jsx-runtime";
var looks = {
  queued: { text: "Queued", sign: StatusPending },
  running: { text: "Running", sign: StatusRunning },
  succeeded: { text: "Succeeded", sign: StatusOK },
  partial: { text: "Incomplete", sign: StatusWarning },
  failed: { text: "Failed", sign: StatusError },
  cancelled: { text: "Cancelled", sign: StatusAborted },
  auth_failed: { text: "Token refused", sign: StatusError },
  not_entitled: { text: "Not in the plan", sign: StatusError }
};
var RunState = ({ status }) => {
  const { text, sign: Sign } = looks[status] ?? { text: status, sign: StatusAborted };
  return /* @__PURE__ */ jsx("span", { "data-status": status, style: { display: "inline-flex", alignItems: "center", whiteSpace: "nowrap" }, children: /* @__PURE__ */ jsx(Sign, { children: text }) });
};
var isUnderWay = (run) => run?.status === "queued" || run?.status === "running";
var phases = {
  prepare: "looking at the destination",
  plan: "reading the catalog",
  write: "sending",
  finish: "finishing"
};
var phaseText = (phase) => phase ? phases[phase] ?? phase : "waiting to begin";
var triggers = { manual: "by hand", cron: "by schedule", retry: "retry of failed items", missed: "made up for a missed one" };
var kindText = (run) => [triggers[run.trigger] ?? run.trigger, run.dryRun && "dry run", run.full && "everything"].filter(Boolean).join(", ");
function progressOf({ sent, failed, unmappable, create, update }, phase) {
  if (phase !== "write" && phase !== "finish") return void 0;
  const planned = create + update;
  if (planned === 0) return void 0;
  const settled = sent + Math.max(0, failed - unmappable);
  return Math.min(1, settled / planned);
}
var number = (n) => n.toLocaleString("en");

// src/exports/Destination.tsx
import { jsx as jsx2, jsxs } from "react/jsx-runtime";
var useStyles = makeStyles((theme) => ({
  filters: {
    margin: 0,
    padding: theme.spacing(1),
    maxHeight: 200,
    overflow: "auto",
    fontSize: 12,
    fontWeight: "normal",
    backgroundColor: theme.palette.action.hover,
    borderRadius: theme.shape.borderRadius
  }
}));
var tokens = {
  untested: { sign: StatusPending2, text: "Not tried yet" },
  accepted: { sign: StatusOK2, text: "Accepted" },
  refused: { sign: StatusError2, text: "Refused" },
  not_entitled: { sign: StatusError2, text: "Not in the plan" }
};
var Destination = ({ status }) => {
  const classes = useStyles();
  const { schedule, token, ledger, filters } = status;
  const { sign: Sign, text } = tokens[token.state] ?? { sign: StatusPending2, text: token.state };
  return /* @__PURE__ */ jsx2(InfoCard, { title: "Destination", children: /* @__PURE__ */ jsxs(Facts, { children: [
    /* @__PURE__ */ jsx2(Fact, { label: "Address", wide: 12, children: status.target }),
    /* @__PURE__ */ jsx2(Fact, { label: "Token", wide: 6, children: /* @__PURE__ */ jsx2("span", { style: { display: "inline-flex", alignItems: "center" }, children: /* @__PURE__ */ jsx2(Sign, { children: text }) }) }),
    /* @__PURE__ */ jsx2(Fact, { label: "There from here", wide: 6, children: ledger?.sent === void 0 ? "\u2013" : `${number(ledger.sent)} entities` }),
    token.message && /* @__PURE__ */ jsx2(Fact, { label: "It says", wide: 12, children: token.message }),
    /* @__PURE__ */ jsx2(Fact, { label: "Next run", wide: 6, children: schedule.enabled ? schedule.next ? /* @__PURE__ */ jsx2("span", { title: new Date(schedule.next).toLocaleString(), children: /* @__PURE__ */ jsx2(Ago, { time: schedule.next }) }) : "To be planned" : "By hand only" }),
    /* @__PURE__ */ jsx2(Fact, { label: "Schedule", wide: 6, children: schedule.enabled ? /* @__PURE__ */ jsxs("code", { children: [
      schedule.cron,
      schedule.timezone && ` ${schedule.timezone}`
    ] }) : "Off" }),
    /* @__PURE__ */ jsx2(Fact, { label: "Filters", wide: 12, children: isEmpty(filters) ? "None: all entities" : /* @__PURE__ */ jsx2("pre", { className: classes.filters, children: JSON.stringify(filters, null, 1) }) })
  ] }) });
};
var isEmpty = (filters) => filters === void 0 || filters === null || Array.isArray(filters) && filters.length === 0;

// src/exports/History.tsx
import { Link, Table } from "@backstage/core-components";
import { useApi } from "@backstage/core-plugin-api";
import Typography from "@material-ui/core/Typography";
import { useEffect } from "react";
import { Fragment, jsx as jsx3, jsxs as jsxs2 } from "react/jsx-runtime";
var columns = [
  { title: "Began", width: "auto", highlight: true, render: (run) => /* @__PURE__ */ jsx3(Link, { to: `runs/${encodeURIComponent(run.id)}`, children: /* @__PURE__ */ jsx3(Ago, { time: run.startedAt }) }) },
  { title: "State", width: "auto", render: (run) => /* @__PURE__ */ jsx3(RunState, { status: run.status }) },
  { title: "Kind", width: "auto", render: kindText },
  { title: "By", width: "auto", render: (run) => /* @__PURE__ */ jsx3(Person, { who: run.requestedBy }) },
  { title: "Read", width: "auto", type: "numeric", render: ({ counts }) => number(counts.read) },
  { title: "Sent", width: "auto", type: "numeric", render: ({ counts, dryRun }) => dryRun ? `(${number(counts.create + counts.update)})` : number(counts.sent) },
  { title: "Failed", width: "auto", type: "numeric", render: ({ counts }) => number(counts.failed) },
  { title: "Took", width: "auto", render: (run) => run.endedAt ? duration(Date.parse(run.endedAt) - Date.parse(run.startedAt)) : "\u2013" }
];
var History = ({ fresh }) => {
  const api = useApi(exportApiRef);
  const { page, paging, error, loading, reload } = usePages("runs", (cursor, limit, signal) => api.runs({ limit, cursor }, signal));
  useEffect(() => reload(), [fresh, reload]);
  return /* @__PURE__ */ jsxs2(Fragment, { children: [
    error !== void 0 && /* @__PURE__ */ jsx3(Problem, { error, onRetry: reload }),
    /* @__PURE__ */ jsx3(
      Table,
      {
        title: "History",
        columns,
        data: (page?.items ?? []).map((run) => ({ ...run })),
        isLoading: loading,
        emptyContent: /* @__PURE__ */ jsx3(Typography, { style: { padding: 32, textAlign: "center" }, children: loading ? "Loading\u2026" : "No runs yet" }),
        ...paging,
        options: { ...paging.options, search: false, sorting: false, padding: "dense", draggable: false }
      }
    )
  ] });
};

// src/exports/RunCard.tsx
import { InfoCard as InfoCard2, Link as Link2 } from "@backstage/core-components";
import { useApi as useApi2 } from "@backstage/core-plugin-api";
import Button from "@material-ui/core/Button";
import LinearProgress from "@material-ui/core/LinearProgress";
import Typography2 from "@material-ui/core/Typography";
import Alert from "@material-ui/lab/Alert";

// src/hooks/useNow.ts
import { useEffect as useEffect2, useState } from "react";
function useNow(runs) {
  const [now, setNow] = useState(() => Date.now());
  useEffect2(() => {
    if (!runs) return void 0;
    const timer = setInterval(() => setNow(Date.now()), 1e3);
    return () => clearInterval(timer);
  }, [runs]);
  return now;
}

// src/exports/RunCard.tsx
import { Fragment as Fragment2, jsx as jsx4, jsxs as jsxs3 } from "react/jsx-runtime";
var RunCard = ({ run, title, onChanged, link, back }) => {
  const underWay = isUnderWay(run);
  const now = useNow(underWay);
  const took = (run.endedAt ? Date.parse(run.endedAt) : now) - Date.parse(run.startedAt);
  return /* @__PURE__ */ jsxs3(InfoCard2, { title, subheader: /* @__PURE__ */ jsx4(RunState, { status: run.status }), action: back ? /* @__PURE__ */ jsx4("div", { style: { padding: 16 }, children: /* @__PURE__ */ jsx4(Link2, { to: "../..", children: "All runs" }) }) : void 0, children: [
    underWay && /* @__PURE__ */ jsx4(UnderWay, { run }),
    /* @__PURE__ */ jsx4(Said, { run }),
    /* @__PURE__ */ jsx4(Counts, { run }),
    /* @__PURE__ */ jsxs3(Facts, { children: [
      /* @__PURE__ */ jsx4(Fact, { label: "Began", children: /* @__PURE__ */ jsx4(Ago, { time: run.startedAt, now: underWay ? now : void 0 }) }),
      /* @__PURE__ */ jsx4(Fact, { label: "Took", children: duration(took) }),
      /* @__PURE__ */ jsx4(Fact, { label: "Kind", children: kindText(run) }),
      /* @__PURE__ */ jsx4(Fact, { label: "By", children: run.requestedBy ? /* @__PURE__ */ jsx4(Person, { who: run.requestedBy }) : "the schedule" })
    ] }),
    /* @__PURE__ */ jsx4(Actions, { run, link, onChanged })
  ] });
};
var UnderWay = ({ run }) => {
  const progress = progressOf(run.counts, run.phase);
  const eta = run.etaSeconds ? `, about ${duration(run.etaSeconds * 1e3)} to go` : "";
  return /* @__PURE__ */ jsxs3("div", { style: { marginBottom: 16 }, role: "status", children: [
    /* @__PURE__ */ jsx4(LinearProgress, { "aria-label": "Progress", variant: progress === void 0 ? "indeterminate" : "determinate", value: (progress ?? 0) * 100 }),
    /* @__PURE__ */ jsxs3(Typography2, { variant: "body2", color: "textSecondary", style: { marginTop: 8 }, children: [
      phaseText(run.phase),
      run.rate ? `, ${number(Math.round(run.rate))} a second` : "",
      eta
    ] })
  ] });
};
var Said = ({ run }) => {
  const look = { variant: "outlined", style: { marginBottom: 16 } };
  return /* @__PURE__ */ jsxs3(Fragment2, { children: [
    run.error && /* @__PURE__ */ jsx4(Alert, { severity: run.status === "partial" ? "warning" : "error", ...look, children: run.error }),
    run.note && /* @__PURE__ */ jsx4(Alert, { severity: "info", ...look, children: run.note }),
    run.waitingUntil && /* @__PURE__ */ jsxs3(Alert, { severity: "info", ...look, children: [
      "The destination asked to wait; it goes on ",
      /* @__PURE__ */ jsx4(Ago, { time: run.waitingUntil }),
      "."
    ] }),
    run.retryAt && /* @__PURE__ */ jsxs3(Alert, { severity: "info", ...look, children: [
      "What failed is tried again by itself ",
      /* @__PURE__ */ jsx4(Ago, { time: run.retryAt }),
      "."
    ] }),
    run.warnings && run.warnings.length > 0 && /* @__PURE__ */ jsxs3(Alert, { severity: "warning", ...look, children: [
      run.warnings.slice(0, 5).map((warning) => /* @__PURE__ */ jsx4("div", { children: warning }, warning)),
      run.warnings.length > 5 && /* @__PURE__ */ jsxs3("div", { children: [
        "and ",
        run.warnings.length - 5,
        " more"
      ] })
    ] })
  ] });
};
var Counts = ({ run: { counts, dryRun } }) => /* @__PURE__ */ jsx4("div", { style: { marginBottom: 16 }, children: /* @__PURE__ */ jsxs3(Facts, { children: [
  /* @__PURE__ */ jsx4(Fact, { label: "Entities read", children: number(counts.read) }),
  /* @__PURE__ */ jsx4(Fact, { label: dryRun ? "Would be sent" : "Sent", children: number(dryRun ? counts.create + counts.update : counts.sent) }),
  /* @__PURE__ */ jsx4(Fact, { label: "Not changed", children: number(counts.unchanged) }),
  /* @__PURE__ */ jsx4(Fact, { label: "Failed", children: number(counts.failed) }),
  counts.filtered > 0 && /* @__PURE__ */ jsx4(Fact, { label: "Filtered out", children: number(counts.filtered) }),
  counts.skipped > 0 && /* @__PURE__ */ jsx4(Fact, { label: "Left out by the mapping", children: number(counts.skipped) })
] }) });
var Actions = ({ run, link, onChanged }) => {
  const api = useApi2(exportApiRef);
  const act = useAction(async (what) => {
    if (what === "retry") {
      const { runId } = await api.retryFailed(run.id);
      onChanged(runId);
      return;
    }
    await api[what](run.id);
    onChanged(run.id);
  });
  const underWay = isUnderWay(run);
  const offers = [
    underWay && { what: "cancel", label: "Cancel" },
    !underWay && run.resumable && { what: "resume", label: "Resume" },
    !underWay && !run.dryRun && run.counts.failed > 0 && { what: "retry", label: "Retry what failed" }
  ].filter((offer) => offer !== false && offer !== void 0);
  return /* @__PURE__ */ jsxs3("div", { style: { marginTop: 16 }, children: [
    act.error !== void 0 && /* @__PURE__ */ jsx4(Problem, { error: act.error, onClose: act.forget }),
    offers.map(({ what, label }) => /* @__PURE__ */ jsx4(Button, { variant: "outlined", disabled: act.busy, onClick: () => act.run(what), style: { marginRight: 8 }, children: label }, what)),
    link && /* @__PURE__ */ jsx4(Link2, { to: `runs/${encodeURIComponent(run.id)}`, children: "Details of this run" })
  ] });
};

// src/exports/RunNow.tsx
import { useApi as useApi3 } from "@backstage/core-plugin-api";
import Button2 from "@material-ui/core/Button";
import Checkbox from "@material-ui/core/Checkbox";
import Dialog from "@material-ui/core/Dialog";
import DialogActions from "@material-ui/core/DialogActions";
import DialogContent from "@material-ui/core/DialogContent";
import DialogContentText from "@material-ui/core/DialogContentText";
import DialogTitle from "@material-ui/core/DialogTitle";
import FormControlLabel from "@material-ui/core/FormControlLabel";
import { useState as useState2 } from "react";
import { Fragment as Fragment3, jsx as jsx5, jsxs as jsxs4 } from "react/jsx-runtime";
var RunNow = ({ running, onStarted }) => {
  const api = useApi3(exportApiRef);
  const [asking, setAsking] = useState2(false);
  const [full, setFull] = useState2(false);
  const start = useAction(async (dryRun) => {
    const { runId } = await api.start({ dryRun, full: !dryRun && full });
    setAsking(false);
    onStarted(runId);
  });
  const off = start.busy || running !== void 0;
  return /* @__PURE__ */ jsxs4(Fragment3, { children: [
    /* @__PURE__ */ jsx5(Button2, { variant: "outlined", color: "primary", disabled: off, onClick: () => start.run(true), style: { marginRight: 8 }, children: "Dry run" }),
    /* @__PURE__ */ jsx5(Button2, { variant: "contained", color: "primary", disabled: off, onClick: () => setAsking(true), style: { marginRight: 8 }, children: "Run now" }),
    /* @__PURE__ */ jsxs4(Dialog, { open: asking, onClose: () => !start.busy && setAsking(false), "aria-labelledby": "understudy-export-title", fullWidth: true, maxWidth: "sm", children: [
      /* @__PURE__ */ jsx5(DialogTitle, { id: "understudy-export-title", children: "Export the catalog now?" }),
      /* @__PURE__ */ jsxs4(DialogContent, { children: [
        /* @__PURE__ */ jsx5(DialogContentText, { children: "Entities that are new or have changed are sent to the destination. Nothing is deleted there." }),
        /* @__PURE__ */ jsx5(
          FormControlLabel,
          {
            control: /* @__PURE__ */ jsx5(Checkbox, { color: "primary", checked: full, onChange: (_, on) => setFull(on) }),
            label: "Send what has not changed as well"
          }
        ),
        /* @__PURE__ */ jsx5("div", { "aria-live": "assertive", children: start.error !== void 0 && /* @__PURE__ */ jsx5(Problem, { error: start.error }) })
      ] }),
      /* @__PURE__ */ jsxs4(DialogActions, { children: [
        /* @__PURE__ */ jsx5(Button2, { disabled: start.busy, onClick: () => setAsking(false), children: "Cancel" }),
        /* @__PURE__ */ jsx5(Button2, { variant: "contained", color: "primary", disabled: off, onClick: () => start.run(false), children: start.busy ? "Starting\u2026" : "Run now" })
      ] })
    ] }),
    /* @__PURE__ */ jsxs4(Dialog, { open: !asking && start.error !== void 0, onClose: start.forget, "aria-label": "It could not be started", children: [
      /* @__PURE__ */ jsx5(DialogContent, { children: /* @__PURE__ */ jsx5(Problem, { error: start.error }) }),
      /* @__PURE__ */ jsx5(DialogActions, { children: /* @__PURE__ */ jsx5(Button2, { onClick: start.forget, children: "Close" }) })
    ] })
  ] });
};

// src/exports/ExportItems.tsx
import { Table as Table2 } from "@backstage/core-components";
import { useApi as useApi4 } from "@backstage/core-plugin-api";
import Tab from "@material-ui/core/Tab";
import Tabs from "@material-ui/core/Tabs";
import Typography3 from "@material-ui/core/Typography";
import { EntityRefLink } from "@backstage/plugin-catalog-react";
import { useEffect as useEffect3, useState as useState3 } from "react";
import { Fragment as Fragment4, jsx as jsx6, jsxs as jsxs5 } from "react/jsx-runtime";
var tabs = [
  { status: "failed", label: "Failed" },
  { status: "sent", label: "Sent" },
  { status: "skipped", label: "Left out" },
  { status: "pending", label: "Waiting" },
  { label: "All" }
];
var columns2 = [
  { title: "Entity", width: "auto", highlight: true, render: (item) => /* @__PURE__ */ jsx6(EntityRefLink, { entityRef: item.entityRef }) },
  { title: "State", width: "auto", render: (item) => [item.status, item.operation].filter(Boolean).join(", ") },
  {
    title: "Why",
    width: "auto",
    render: (item) => /* @__PURE__ */ jsxs5(Fragment4, { children: [
      [item.code, item.httpStatus && `HTTP ${item.httpStatus}`].filter(Boolean).join(", ") || "\u2013",
      item.message && /* @__PURE__ */ jsx6(Typography3, { variant: "caption", color: "textSecondary", display: "block", style: { overflowWrap: "anywhere" }, children: item.message })
    ] })
  },
  { title: "Attempts", width: "auto", type: "numeric", render: (item) => item.attempts ?? "\u2013" },
  { title: "When", width: "auto", render: (item) => /* @__PURE__ */ jsx6(Ago, { time: item.at }) }
];
var ExportItems = ({ run }) => {
  const api = useApi4(exportApiRef);
  const [tab, setTab] = useState3(run.counts.failed > 0 ? 0 : tabs.length - 1);
  const { status } = tabs[tab];
  const view = `${run.id} ${status ?? ""}`;
  const { page, paging, error, loading, reload } = usePages(view, (cursor, limit, signal) => api.items(run.id, status, { limit, cursor }, signal));
  const { sent, failed, skipped, pending } = run.counts;
  const fresh = `${run.status} ${isUnderWay(run) ? "" : `${sent} ${failed} ${skipped} ${pending}`}`;
  useEffect3(() => reload(), [fresh, reload]);
  return /* @__PURE__ */ jsxs5(Fragment4, { children: [
    error !== void 0 && /* @__PURE__ */ jsx6(Problem, { error, onRetry: reload }),
    /* @__PURE__ */ jsx6(
      Table2,
      {
        title: /* @__PURE__ */ jsx6(Tabs, { value: tab, onChange: (_, next) => setTab(next), indicatorColor: "primary", "aria-label": "Entities of this run", children: tabs.map(({ label }) => /* @__PURE__ */ jsx6(Tab, { label }, label)) }),
        columns: columns2,
        data: (page?.items ?? []).map((item) => ({ id: item.entityRef, ...item })),
        isLoading: loading,
        emptyContent: /* @__PURE__ */ jsx6(Typography3, { style: { padding: 32, textAlign: "center" }, children: loading ? "Loading\u2026" : "No entities. Those that had not changed are not listed" }),
        ...paging,
        options: { ...paging.options, search: false, sorting: false, padding: "dense", draggable: false }
      }
    )
  ] });
};

// src/exports/ExportPage.tsx
import { jsx as jsx7, jsxs as jsxs6 } from "react/jsx-runtime";
var moving = 1e3;
var idle = 5e3;
var ExportPage = () => /* @__PURE__ */ jsxs6(Routes, { children: [
  /* @__PURE__ */ jsx7(Route, { path: "/", element: /* @__PURE__ */ jsx7(Overview, {}) }),
  /* @__PURE__ */ jsx7(Route, { path: "runs/:runId", element: /* @__PURE__ */ jsx7(OneRun, {}) }),
  /* @__PURE__ */ jsx7(Route, { path: "*", element: /* @__PURE__ */ jsx7(Frame, { children: /* @__PURE__ */ jsx7(EmptyState, { missing: "content", title: "There is nothing here", description: "Exports are one level up." }) }) })
] });
var Frame = ({ children }) => /* @__PURE__ */ jsxs6(Page, { themeId: "tool", children: [
  /* @__PURE__ */ jsx7(Header, { title: "Catalog export", subtitle: "Entities of the catalog, sent to Rely" }),
  /* @__PURE__ */ jsx7(Content, { children })
] });
var Overview = () => {
  const api = useApi5(exportApiRef);
  const [startedId, setStartedId] = useState4();
  const status = useLoad("status", (signal) => api.status(signal), { every: (value2) => value2?.running ? moving : idle });
  const { value, error, reload } = status;
  const run = value?.running ?? value?.last;
  const changed = (id) => {
    if (id) setStartedId(id);
    reload();
  };
  if (isRouteMissing(error)) return /* @__PURE__ */ jsx7(Frame, { children: /* @__PURE__ */ jsx7(NoBackend, {}) });
  return /* @__PURE__ */ jsxs6(Frame, { children: [
    /* @__PURE__ */ jsxs6(ContentHeader, { title: "", children: [
      value && /* @__PURE__ */ jsx7(RunNow, { running: value.running, onStarted: changed }),
      /* @__PURE__ */ jsx7(SupportButton, { children: "Sends what has changed in the catalog to Rely. A dry run tells what would be sent, and sends nothing." })
    ] }),
    error !== void 0 && /* @__PURE__ */ jsx7(Problem, { error, onRetry: reload, children: value && "What is shown was read before." }),
    status.loading && /* @__PURE__ */ jsx7(Progress, {}),
    value && /* @__PURE__ */ jsxs6(Grid, { container: true, spacing: 3, children: [
      /* @__PURE__ */ jsx7(Grid, { item: true, xs: 12, md: 8, children: run ? /* @__PURE__ */ jsx7(RunCard, { run, link: true, onChanged: changed, title: value.running ? "Under way" : "Last run" }) : /* @__PURE__ */ jsx7(NeverRun, {}) }),
      /* @__PURE__ */ jsx7(Grid, { item: true, xs: 12, md: 4, children: /* @__PURE__ */ jsx7(Destination, { status: value }) }),
      run && run.counts.failed > 0 && /* @__PURE__ */ jsx7(Grid, { item: true, xs: 12, children: /* @__PURE__ */ jsx7(ExportItems, { run }) }),
      /* @__PURE__ */ jsx7(Grid, { item: true, xs: 12, children: /* @__PURE__ */ jsx7(History, { fresh: `${value.runs} ${value.running?.id ?? ""} ${value.last?.id ?? ""} ${value.last?.status ?? ""} ${startedId ?? ""}` }) })
    ] })
  ] });
};
var OneRun = () => {
  const { runId = "" } = useParams();
  const api = useApi5(exportApiRef);
  const { value, error, loading, reload } = useLoad(`run/${runId}`, (signal) => api.run(runId, signal), {
    every: (run, failure) => failure !== void 0 ? 1e4 : isUnderWay(run) ? moving : false
  });
  return /* @__PURE__ */ jsxs6(Frame, { children: [
    error !== void 0 && /* @__PURE__ */ jsx7(Problem, { error, onRetry: reload, children: value && "What is shown was read before." }),
    loading && /* @__PURE__ */ jsx7(Progress, {}),
    value && /* @__PURE__ */ jsxs6(Grid, { container: true, spacing: 3, children: [
      /* @__PURE__ */ jsx7(Grid, { item: true, xs: 12, children: /* @__PURE__ */ jsx7(RunCard, { run: value, onChanged: reload, title: `Run ${value.id}`, back: true }) }),
      /* @__PURE__ */ jsx7(Grid, { item: true, xs: 12, children: /* @__PURE__ */ jsx7(ExportItems, { run: value }) })
    ] })
  ] });
};
var NeverRun = () => /* @__PURE__ */ jsx7(EmptyState, { missing: "data", title: "Nothing has been exported yet", description: "A dry run tells what an export would send, and sends nothing." });
var NoBackend = () => /* @__PURE__ */ jsx7(
  EmptyState,
  {
    missing: "info",
    title: "No export answers",
    description: "Either discovery does not send rely and rely-migration-plugin to Understudy (discovery.endpoints in app-config.yaml), or Understudy's configuration has no section rely."
  }
);
export {
  ExportPage
};
