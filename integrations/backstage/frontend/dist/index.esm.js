import {
  ExportClient,
  exportApiRef
} from "./parts/chunk-MMOL3SH7.esm.js";
import {
  isSpaceliftAvailable,
  stackAnnotation
} from "./parts/chunk-VVM6OF5N.esm.js";
import {
  LinksContext,
  SpaceliftClient,
  spaceliftApiRef
} from "./parts/chunk-GXFRMVBW.esm.js";
import "./parts/chunk-2KH3C2MS.esm.js";

// src/plugin.tsx
import {
  configApiRef,
  createApiFactory,
  createComponentExtension,
  createPlugin,
  createRoutableExtension,
  createRouteRef,
  discoveryApiRef,
  fetchApiRef,
  useRouteRef
} from "@backstage/core-plugin-api";
import { useMemo } from "react";
import { jsx } from "react/jsx-runtime";
var spaceliftRouteRef = createRouteRef({ id: "understudy.spacelift" });
var exportRouteRef = createRouteRef({ id: "understudy.export" });
var understudyPlugin = createPlugin({
  id: "understudy",
  routes: { spacelift: spaceliftRouteRef, export: exportRouteRef },
  apis: [
    createApiFactory({
      api: spaceliftApiRef,
      deps: { discovery: discoveryApiRef, fetchApi: fetchApiRef, config: configApiRef },
      factory: (deps) => new SpaceliftClient(deps)
    }),
    createApiFactory({
      api: exportApiRef,
      deps: { discovery: discoveryApiRef, fetchApi: fetchApiRef },
      factory: (deps) => new ExportClient(deps)
    })
  ]
});
function useSpaceliftPath() {
  try {
    return useRouteRef(spaceliftRouteRef)();
  } catch {
    return void 0;
  }
}
var linked = (Inner) => () => {
  const spacelift = useSpaceliftPath();
  const links = useMemo(() => ({ spacelift }), [spacelift]);
  return /* @__PURE__ */ jsx(LinksContext.Provider, { value: links, children: /* @__PURE__ */ jsx(Inner, {}) });
};
var SpaceliftPage = understudyPlugin.provide(
  createRoutableExtension({
    name: "SpaceliftPage",
    component: () => import("./parts/SpaceliftPage-DSLTHXWW.esm.js").then((m) => linked(m.SpaceliftPage)),
    mountPoint: spaceliftRouteRef
  })
);
var ExportPage = understudyPlugin.provide(
  createRoutableExtension({
    name: "ExportPage",
    component: () => import("./parts/ExportPage-2J6XZYYO.esm.js").then((m) => m.ExportPage),
    mountPoint: exportRouteRef
  })
);
var EntitySpaceliftContent = understudyPlugin.provide(
  createComponentExtension({
    name: "EntitySpaceliftContent",
    component: { lazy: () => import("./parts/EntitySpaceliftContent-OT5XYRR4.esm.js").then((m) => linked(m.EntitySpaceliftContent)) }
  })
);
var EntitySpaceliftCard = understudyPlugin.provide(
  createComponentExtension({
    name: "EntitySpaceliftCard",
    component: { lazy: () => import("./parts/EntitySpaceliftCard-GZQYE2FQ.esm.js").then((m) => linked(m.EntitySpaceliftCard)) }
  })
);
export {
  EntitySpaceliftCard,
  EntitySpaceliftContent,
  ExportPage,
  SpaceliftPage,
  exportApiRef,
  isSpaceliftAvailable,
  spaceliftApiRef,
  stackAnnotation,
  understudyPlugin
};
