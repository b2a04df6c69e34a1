import {
  useAction
} from "./chunk-5CTVN5O7.esm.js";
import {
  Delta,
  RunLink,
  State,
  pollAfter,
  stateText,
  useChanges
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
  useLoad
} from "./chunk-CZSHZ6WC.esm.js";
import {
  ApiError,
  UnreachableError,
  wordsOf
} from "./chunk-2KH3C2MS.esm.js";

// src/spacelift/useStatus.ts
import { useApi } from "@backstage/core-plugin-api";
function useStatus() {
  const api = useApi(spaceliftApiRef);
  return useLoad("status", (signal) => api.status(signal), { every: (_, error) => isV1Missing(error) ? false : 3e4 });
}
var isReadOnly = (status) => status === void 0 || status.readOnly || !status.canWrite;

// src/spacelift/TriggerDialog.tsx
import { LinkButton } from "@backstage/core-components";
import { useApi as useApi2 } from "@backstage/core-plugin-api";
import Button from "@material-ui/core/Button";
import Dialog from "@material-ui/core/Dialog";
import DialogActions from "@material-ui/core/DialogActions";
import DialogContent from "@material-ui/core/DialogContent";
import DialogContentText from "@material-ui/core/DialogContentText";
import DialogTitle from "@material-ui/core/DialogTitle";
import TextField from "@material-ui/core/TextField";
import Alert from "@material-ui/lab/Alert";
import AlertTitle from "@material-ui/lab/AlertTitle";
import { useEffect, useState } from "react";

// src/spacelift/triggering.ts
function sentOf(trigger) {
  if (trigger.runId) return { kind: "run", runId: trigger.runId, state: trigger.state };
  return { kind: "unknown", requestId: trigger.id, message: trigger.message ?? "Spacelift's answer was lost on its way." };
}
function failedOf(error) {
  if (isLost(error)) return { kind: "unknown", message: lostText(error) };
  if (error instanceof ApiError && error.code === "CONFLICT") {
    const text = (key) => typeof error.details[key] === "string" ? error.details[key] : void 0;
    return { kind: "conflict", message: error.message, by: text("requestedBy"), at: text("requestedAt"), reason: text("reason") };
  }
  return { kind: "refused", error };
}
function isLost(error) {
  if (error instanceof UnreachableError) return true;
  if (!(error instanceof ApiError)) return false;
  if (error.status === 504) return true;
  return error.code === void 0 && error.status === 502 && error.kind === "";
}
function lostText(error) {
  return error instanceof ApiError ? wordsOf(error).text : "The backend's answer was lost on its way to this page.";
}
function settledBy(requestId, pending, runs) {
  if (requestId === void 0) return void 0;
  if (pending?.id === requestId && pending.runId) return { kind: "run", runId: pending.runId, state: pending.state };
  const run = runs.find((r) => r.triggerId === requestId);
  return run && { kind: "run", runId: run.id, state: run.state };
}
function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}

// src/spacelift/TriggerDialog.tsx
import { Fragment, jsx, jsxs } from "react/jsx-runtime";
var reasonLimit = 500;
var TriggerDialog = ({ target, onClose, onSent }) => {
  const api = useApi2(spaceliftApiRef);
  const [reason, setReason] = useState("");
  const [sent, setSent] = useState({ kind: "no" });
  const [key] = useState(newKey);
  const { run, busy } = useAction(async () => {
    const next = target.official ? api.officialTrigger(target.id).then((r) => ({ kind: "run", runId: r.id, state: r.state }), failedOf) : api.trigger(target.id, reason.trim(), key).then(sentOf, failedOf);
    setSent(await next);
    onSent();
  });
  const asking = sent.kind === "no" || sent.kind === "refused" || sent.kind === "conflict";
  const submit = (event) => {
    event.preventDefault();
    run();
  };
  return /* @__PURE__ */ jsx(Dialog, { open: true, onClose: busy ? void 0 : onClose, fullWidth: true, maxWidth: "sm", "aria-labelledby": "understudy-trigger-title", children: /* @__PURE__ */ jsxs("form", { onSubmit: submit, "aria-busy": busy, children: [
    /* @__PURE__ */ jsxs(DialogTitle, { id: "understudy-trigger-title", children: [
      "Trigger a run of ",
      target.name
    ] }),
    /* @__PURE__ */ jsxs(DialogContent, { children: [
      asking && /* @__PURE__ */ jsx(Question, { target, reason, onReason: setReason }),
      /* @__PURE__ */ jsx("div", { "aria-live": "assertive", children: /* @__PURE__ */ jsx(Outcome, { sent, target, onSettled: setSent }) })
    ] }),
    /* @__PURE__ */ jsxs(DialogActions, { children: [
      /* @__PURE__ */ jsx(Button, { onClick: onClose, disabled: busy, children: asking ? "Cancel" : "Close" }),
      asking && /* @__PURE__ */ jsx(Button, { type: "submit", variant: "contained", color: "primary", disabled: busy, children: busy ? "Triggering\u2026" : "Trigger the run" }),
      sent.kind === "run" && !target.official && /* @__PURE__ */ jsx(Follow, { stack: target.id, run: sent.runId, onClose })
    ] })
  ] }) });
};
var Follow = ({ stack, run, onClose }) => {
  const to = useSpaceliftLinks().run(stack, run);
  return to ? /* @__PURE__ */ jsx(LinkButton, { to, variant: "contained", color: "primary", onClick: onClose, children: "Follow the run" }) : null;
};
var Question = ({ target, reason, onReason }) => /* @__PURE__ */ jsxs(Fragment, { children: [
  /* @__PURE__ */ jsxs(DialogContentText, { children: [
    target.autodeploy === void 0 && "What follows the plan is as the stack is set up at Spacelift.",
    target.autodeploy === true && /* @__PURE__ */ jsx("strong", { children: "Changes are applied without another question: autodeploy is on." }),
    target.autodeploy === false && "Changes wait until somebody confirms them."
  ] }),
  !target.official && /* @__PURE__ */ jsx(
    TextField,
    {
      label: "Reason",
      helperText: `For your colleagues: it is kept in the audit log and shown at Spacelift. ${reason.length} of ${reasonLimit} characters.`,
      value: reason,
      onChange: (e) => onReason(e.target.value),
      inputProps: { maxLength: reasonLimit },
      variant: "outlined",
      margin: "dense",
      autoFocus: true,
      fullWidth: true,
      multiline: true,
      minRows: 2,
      maxRows: 6
    }
  )
] });
var Outcome = ({ sent, target, onSettled }) => {
  if (sent.kind === "refused") return /* @__PURE__ */ jsx(Problem, { error: sent.error });
  if (sent.kind === "run") {
    return /* @__PURE__ */ jsxs(Alert, { severity: "success", variant: "outlined", children: [
      /* @__PURE__ */ jsxs(AlertTitle, { children: [
        "Run ",
        sent.runId,
        " was triggered"
      ] }),
      sent.state && /* @__PURE__ */ jsxs(Fragment, { children: [
        "It is ",
        stateText(sent.state).toLowerCase(),
        " now."
      ] })
    ] });
  }
  if (sent.kind === "conflict") {
    return /* @__PURE__ */ jsxs(Alert, { severity: "warning", variant: "outlined", children: [
      /* @__PURE__ */ jsx(AlertTitle, { children: "A run is already pending" }),
      sent.message,
      sent.by && /* @__PURE__ */ jsxs("div", { children: [
        "Triggered by ",
        /* @__PURE__ */ jsx(Person, { who: sent.by }),
        " ",
        /* @__PURE__ */ jsx(Ago, { time: sent.at }),
        sent.reason && /* @__PURE__ */ jsxs(Fragment, { children: [
          ": \u201C",
          sent.reason,
          "\u201D"
        ] })
      ] })
    ] });
  }
  return sent.kind === "unknown" ? /* @__PURE__ */ jsx(Unknown, { sent, target, onSettled }) : null;
};
var Unknown = ({ sent, target, onSettled }) => {
  const api = useApi2(spaceliftApiRef);
  const look = useLoad(`unknown/${target.id}`, async (signal) => {
    const [stack, runs] = await Promise.all([api.stack(target.id, signal), api.runs(target.id, "tracked", void 0, signal)]);
    return { pending: stack.trigger.pending, runs: runs.items };
  }, { every: () => 5e3, off: target.official || sent.requestId === void 0 });
  const settled = look.value && settledBy(sent.requestId, look.value.pending, look.value.runs);
  useEffect(() => {
    if (settled) onSettled(settled);
  }, [settled, onSettled]);
  const looking = look.value?.pending !== void 0;
  return /* @__PURE__ */ jsxs(Alert, { severity: "warning", variant: "outlined", children: [
    /* @__PURE__ */ jsx(AlertTitle, { children: "It is not known whether a run was started" }),
    sent.message,
    " ",
    looking ? "The backend does not send it a second time. It looks for the run, and nobody can trigger this stack here until that is settled, two minutes at most. This dialog shows the run as soon as it is found." : "Look at the runs of the stack before you try again: if none of them is new, none was made.",
    sent.requestId && /* @__PURE__ */ jsxs("div", { children: [
      "Request ",
      sent.requestId
    ] })
  ] });
};

// src/spacelift/RunsTable.tsx
import { Table } from "@backstage/core-components";
import { useApi as useApi3 } from "@backstage/core-plugin-api";
import Button2 from "@material-ui/core/Button";
import Tab from "@material-ui/core/Tab";
import Tabs from "@material-ui/core/Tabs";
import Typography from "@material-ui/core/Typography";
import { useEffect as useEffect2, useState as useState2 } from "react";
import { Fragment as Fragment2, jsx as jsx2, jsxs as jsxs2 } from "react/jsx-runtime";
var kinds = { tracked: "Tracked", proposed: "Proposed", task: "Tasks" };
var columns = (stack) => [
  {
    title: "Run",
    field: "id",
    width: "auto",
    highlight: true,
    render: (run) => /* @__PURE__ */ jsxs2(Fragment2, { children: [
      /* @__PURE__ */ jsx2(RunLink, { stack, run: run.id, url: run.url, children: run.title || run.id }),
      /* @__PURE__ */ jsxs2(Typography, { variant: "caption", color: "textSecondary", display: "block", children: [
        run.id,
        run.drift && " \xB7 drift detection"
      ] })
    ] })
  },
  { title: "State", field: "state", width: "auto", render: (run) => /* @__PURE__ */ jsx2(State, { state: run.state }) },
  { title: "Changes", width: "auto", render: (run) => /* @__PURE__ */ jsx2(Delta, { delta: run.delta }) },
  {
    title: "By",
    width: "auto",
    render: (run) => /* @__PURE__ */ jsxs2(Fragment2, { children: [
      /* @__PURE__ */ jsx2(Person, { who: run.requestedBy ?? run.triggeredBy ?? run.commit?.author }),
      run.reason && /* @__PURE__ */ jsx2(Typography, { variant: "caption", color: "textSecondary", display: "block", children: run.reason })
    ] })
  },
  { title: "Created", width: "auto", render: (run) => /* @__PURE__ */ jsx2(Ago, { time: run.createdAt }) }
];
var pollRun = 4e3;
var RunsTable = ({ stack, sends }) => {
  const api = useApi3(spaceliftApiRef);
  const [kind, setKind] = useState2("tracked");
  const key = `${stack.id} ${kind}`;
  const live = useChanges((ids) => (ids === void 0 || ids.includes(stack.id)) && first.reload());
  const first = useLoad(key, (signal) => api.runs(stack.id, kind, void 0, signal), {
    every: (value, error) => value?.items.some((run) => !run.finished) ? pollRun : pollAfter(live, error)
  });
  useEffect2(() => {
    if (sends > 0) first.reload();
  }, [sends, first.reload]);
  const older = useOlder(key, (cursor) => api.runs(stack.id, kind, cursor), first.value?.nextCursor);
  const fresh = new Set(first.value?.items.map((run) => run.id));
  const rows = [...first.value?.items ?? [], ...older.items.filter((run) => !fresh.has(run.id))];
  return /* @__PURE__ */ jsxs2(Fragment2, { children: [
    first.error !== void 0 && /* @__PURE__ */ jsx2(Problem, { error: first.error, onRetry: first.reload }),
    older.error !== void 0 && /* @__PURE__ */ jsx2(Problem, { error: older.error, onRetry: older.more }),
    /* @__PURE__ */ jsx2(
      Table,
      {
        title: /* @__PURE__ */ jsx2(Tabs, { value: kind, onChange: (_, next) => setKind(next), indicatorColor: "primary", "aria-label": "Kinds of runs", children: Object.keys(kinds).map((k) => /* @__PURE__ */ jsx2(Tab, { value: k, label: kinds[k] }, k)) }),
        columns: columns(stack.id),
        data: rows.map((run) => ({ ...run })),
        isLoading: first.loading,
        emptyContent: /* @__PURE__ */ jsx2(Typography, { style: { padding: 32, textAlign: "center" }, children: first.loading ? "Loading\u2026" : "No runs of this kind" }),
        options: { paging: false, search: false, sorting: false, padding: "dense", draggable: false }
      }
    ),
    older.more && /* @__PURE__ */ jsx2(Button2, { onClick: older.more, disabled: older.busy, style: { marginTop: 8 }, children: older.busy ? "Loading\u2026" : "Older runs" })
  ] });
};
function useOlder(key, read, firstCursor) {
  const [state, setState] = useState2({ key, items: [] });
  const current = state.key === key ? state : { key, items: [] };
  const cursor = current.items.length > 0 ? current.cursor : firstCursor;
  const more = () => {
    if (cursor === void 0 || current.busy) return;
    setState({ ...current, busy: true, error: void 0 });
    const mine = (next) => setState((before) => before.key === key ? { ...before, busy: false, ...next } : before);
    void read(cursor).then(
      (page) => mine({ items: [...current.items, ...page.items], cursor: page.nextCursor }),
      (error) => mine({ error })
    );
  };
  return { ...current, more: cursor === void 0 ? void 0 : more };
}

export {
  isLost,
  newKey,
  useStatus,
  isReadOnly,
  TriggerDialog,
  RunsTable
};
