import {
  RunsTable,
  TriggerDialog,
  isReadOnly,
  useStatus
} from "./chunk-5ESZCIIW.esm.js";
import "./chunk-5CTVN5O7.esm.js";
import {
  useEntityStacks
} from "./chunk-JOV2VIUF.esm.js";
import {
  isSpaceliftAvailable,
  stackAnnotation
} from "./chunk-VVM6OF5N.esm.js";
import {
  LiveProvider,
  StacksTable
} from "./chunk-IP5OFDLE.esm.js";
import {
  spaceliftApiRef
} from "./chunk-GXFRMVBW.esm.js";
import {
  Problem
} from "./chunk-CZSHZ6WC.esm.js";
import "./chunk-2KH3C2MS.esm.js";

// src/spacelift/EntitySpaceliftContent.tsx
import { EmptyState, Progress } from "@backstage/core-components";
import { useApi } from "@backstage/core-plugin-api";
import { useEntity } from "@backstage/plugin-catalog-react";
import Alert from "@material-ui/lab/Alert";
import { useState } from "react";
import { Fragment, jsx, jsxs } from "react/jsx-runtime";
var EntitySpaceliftContent = () => {
  const { entity } = useEntity();
  if (!isSpaceliftAvailable(entity)) {
    return /* @__PURE__ */ jsx(
      EmptyState,
      {
        missing: "field",
        title: "No stack is named",
        description: `Name the stacks of this entity in its annotation ${stackAnnotation}, separated by commas.`
      }
    );
  }
  return /* @__PURE__ */ jsx(LiveProvider, { children: /* @__PURE__ */ jsx(Stacks, {}) });
};
var Stacks = () => {
  const api = useApi(spaceliftApiRef);
  const status = useStatus();
  const { value, error, loading, missing, reload } = useEntityStacks();
  const [target, setTarget] = useState();
  const [sends, setSends] = useState(0);
  const official = value !== void 0 && value.stacks === void 0;
  const readOnly = official ? api.settings().readOnly : isReadOnly(status.value);
  const only = value?.stacks?.length === 1 ? value.stacks[0] : void 0;
  const sent = () => {
    reload();
    setSends(sends + 1);
  };
  return /* @__PURE__ */ jsxs(Fragment, { children: [
    error !== void 0 && /* @__PURE__ */ jsx(Problem, { error, onRetry: reload, children: value && "What is shown was read before." }),
    missing.length > 0 && /* @__PURE__ */ jsxs(Alert, { severity: "info", variant: "outlined", style: { marginBottom: 16 }, children: [
      "The annotation ",
      stackAnnotation,
      " also names ",
      missing.join(", "),
      ": there is no such stack, or you may not see it."
    ] }),
    loading && /* @__PURE__ */ jsx(Progress, {}),
    value && /* @__PURE__ */ jsx(
      StacksTable,
      {
        title: "Stacks",
        rows: value.rows,
        loading,
        empty: "None of the stacks that this entity names can be seen",
        onTrigger: readOnly ? void 0 : ({ id, name }) => setTarget(value.stacks?.find((s) => s.id === id) ?? { id, name, official: true }),
        pages: !official
      }
    ),
    only && /* @__PURE__ */ jsx("div", { style: { marginTop: 24 }, children: /* @__PURE__ */ jsx(RunsTable, { stack: only, sends }) }),
    target && /* @__PURE__ */ jsx(TriggerDialog, { target, onClose: () => setTarget(void 0), onSent: sent })
  ] });
};
export {
  EntitySpaceliftContent
};
