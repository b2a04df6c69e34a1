import {
  Fact,
  Facts
} from "./chunk-2AXT4I27.esm.js";
import {
  useEntityStacks
} from "./chunk-JOV2VIUF.esm.js";
import {
  isSpaceliftAvailable
} from "./chunk-VVM6OF5N.esm.js";
import {
  Delta,
  LiveProvider,
  Outside,
  RunLink,
  StackLink,
  State,
  pollAfter,
  useChanges
} from "./chunk-IP5OFDLE.esm.js";
import {
  spaceliftApiRef
} from "./chunk-GXFRMVBW.esm.js";
import {
  Ago,
  Person,
  Problem,
  useLoad
} from "./chunk-CZSHZ6WC.esm.js";
import "./chunk-2KH3C2MS.esm.js";

// src/spacelift/EntitySpaceliftCard.tsx
import { InfoCard, Progress } from "@backstage/core-components";
import { useApi } from "@backstage/core-plugin-api";
import { useEntity } from "@backstage/plugin-catalog-react";
import Divider from "@material-ui/core/Divider";
import Typography from "@material-ui/core/Typography";
import { Fragment } from "react";
import { Fragment as Fragment2, jsx, jsxs } from "react/jsx-runtime";
var most = 3;
var EntitySpaceliftCard = () => {
  const { entity } = useEntity();
  return isSpaceliftAvailable(entity) ? /* @__PURE__ */ jsx(LiveProvider, { children: /* @__PURE__ */ jsx(Card, {}) }) : null;
};
var Card = () => {
  const { value, error, loading, reload } = useEntityStacks();
  const rest = (value?.rows.length ?? 0) - most;
  return /* @__PURE__ */ jsxs(InfoCard, { title: "Spacelift", children: [
    error !== void 0 && /* @__PURE__ */ jsx(Problem, { error, onRetry: reload }),
    loading && /* @__PURE__ */ jsx(Progress, {}),
    value?.rows.length === 0 && /* @__PURE__ */ jsx(Typography, { children: "None of the stacks that this entity names can be seen." }),
    value?.rows.slice(0, most).map((row, i) => {
      const stack = value.stacks?.find((s) => s.id === row.id);
      return /* @__PURE__ */ jsxs(Fragment, { children: [
        i > 0 && /* @__PURE__ */ jsx(Divider, { style: { margin: "16px 0" } }),
        /* @__PURE__ */ jsxs(Facts, { children: [
          /* @__PURE__ */ jsx(Fact, { label: "Stack", wide: 6, children: stack ? /* @__PURE__ */ jsx(StackLink, { id: row.id, url: row.url, children: row.name }) : /* @__PURE__ */ jsx(Outside, { url: row.url, children: row.name }) }),
          /* @__PURE__ */ jsx(Fact, { label: "State", wide: 6, children: /* @__PURE__ */ jsx(State, { state: row.state }) }),
          stack && /* @__PURE__ */ jsx(LastRun, { stack })
        ] })
      ] }, row.id);
    }),
    rest > 0 && /* @__PURE__ */ jsxs(Typography, { variant: "caption", color: "textSecondary", children: [
      "and ",
      rest,
      " more"
    ] })
  ] });
};
var LastRun = ({ stack }) => {
  const api = useApi(spaceliftApiRef);
  const live = useChanges((ids) => (ids === void 0 || ids.includes(stack.id)) && runs.reload());
  const runs = useLoad(`last/${stack.id}`, (signal) => api.runs(stack.id, "tracked", void 0, signal), {
    every: (value, error) => value?.items[0]?.finished === false ? 5e3 : pollAfter(live, error)
  });
  if (runs.error !== void 0 && !runs.value) return /* @__PURE__ */ jsx(Fact, { label: "Last run", wide: 12, children: "It could not be read" });
  const run = runs.value?.items[0];
  if (!run) return /* @__PURE__ */ jsx(Fact, { label: "Last run", wide: 12, children: runs.loading ? "\u2026" : "None yet" });
  return /* @__PURE__ */ jsxs(Fragment2, { children: [
    /* @__PURE__ */ jsx(Fact, { label: "Last run", wide: 6, children: /* @__PURE__ */ jsx(RunLink, { stack: stack.id, run: run.id, url: run.url, children: run.title || run.id }) }),
    /* @__PURE__ */ jsx(Fact, { label: "Run state", wide: 6, children: /* @__PURE__ */ jsx(State, { state: run.state }) }),
    /* @__PURE__ */ jsxs(Fact, { label: "By", wide: 6, children: [
      /* @__PURE__ */ jsx(Person, { who: run.requestedBy ?? run.triggeredBy ?? run.commit?.author }),
      " \xB7 ",
      /* @__PURE__ */ jsx(Ago, { time: run.createdAt })
    ] }),
    /* @__PURE__ */ jsx(Fact, { label: "Changes", wide: 6, children: /* @__PURE__ */ jsx(Delta, { delta: run.delta }) })
  ] });
};
export {
  EntitySpaceliftCard
};
