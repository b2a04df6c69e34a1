import {
  ExportClient,
  exportApiRef
} from "./parts/chunk-MMOL3SH7.esm.js";
import {
  isSpaceliftAvailable
} from "./parts/chunk-VVM6OF5N.esm.js";
import {
  LinksContext,
  SpaceliftClient,
  spaceliftApiRef
} from "./parts/chunk-GXFRMVBW.esm.js";
import "./parts/chunk-2KH3C2MS.esm.js";

// src/alpha.tsx
import {
  ApiBlueprint,
  configApiRef,
  createFrontendPlugin,
  createRouteRef,
  discoveryApiRef,
  fetchApiRef,
  PageBlueprint,
  useRouteRef
} from "@backstage/frontend-plugin-api";
import { EntityCardBlueprint, EntityContentBlueprint } from "@backstage/plugin-catalog-react/alpha";
import CloudQueueIcon from "@material-ui/icons/CloudQueue";
import PublishIcon from "@material-ui/icons/Publish";
import { useMemo } from "react";
import { jsx } from "react/jsx-runtime";
var spaceliftRouteRef = createRouteRef();
var exportRouteRef = createRouteRef();
var Linked = ({ children }) => {
  const path = useRouteRef(spaceliftRouteRef)?.();
  const links = useMemo(() => ({ spacelift: path }), [path]);
  return /* @__PURE__ */ jsx(LinksContext.Provider, { value: links, children });
};
var spaceliftApi = ApiBlueprint.make({
  name: "spacelift",
  params: (define) => define({
    api: spaceliftApiRef,
    deps: { discovery: discoveryApiRef, fetchApi: fetchApiRef, config: configApiRef },
    factory: (deps) => new SpaceliftClient(deps)
  })
});
var exportApi = ApiBlueprint.make({
  name: "export",
  params: (define) => define({
    api: exportApiRef,
    deps: { discovery: discoveryApiRef, fetchApi: fetchApiRef },
    factory: (deps) => new ExportClient(deps)
  })
});
var spaceliftPage = PageBlueprint.make({
  name: "spacelift",
  params: {
    path: "/spacelift",
    routeRef: spaceliftRouteRef,
    title: "Spacelift",
    icon: /* @__PURE__ */ jsx(CloudQueueIcon, { fontSize: "inherit" }),
    noHeader: true,
    // the page brings its own, as it does in the old system
    loader: () => import("./parts/SpaceliftPage-DSLTHXWW.esm.js").then((m) => /* @__PURE__ */ jsx(Linked, { children: /* @__PURE__ */ jsx(m.SpaceliftPage, {}) }))
  }
});
var exportPage = PageBlueprint.make({
  name: "export",
  params: {
    path: "/rely-migration-plugin",
    routeRef: exportRouteRef,
    title: "Catalog export",
    icon: /* @__PURE__ */ jsx(PublishIcon, { fontSize: "inherit" }),
    noHeader: true,
    loader: () => import("./parts/ExportPage-2J6XZYYO.esm.js").then((m) => /* @__PURE__ */ jsx(m.ExportPage, {}))
  }
});
var entityContent = EntityContentBlueprint.make({
  name: "spacelift",
  params: {
    path: "/spacelift",
    title: "Stacks",
    filter: isSpaceliftAvailable,
    loader: () => import("./parts/EntitySpaceliftContent-OT5XYRR4.esm.js").then((m) => /* @__PURE__ */ jsx(Linked, { children: /* @__PURE__ */ jsx(m.EntitySpaceliftContent, {}) }))
  }
});
var entityCard = EntityCardBlueprint.make({
  name: "spacelift",
  params: {
    type: "info",
    filter: isSpaceliftAvailable,
    loader: () => import("./parts/EntitySpaceliftCard-GZQYE2FQ.esm.js").then((m) => /* @__PURE__ */ jsx(Linked, { children: /* @__PURE__ */ jsx(m.EntitySpaceliftCard, {}) }))
  }
});
var understudyPlugin = createFrontendPlugin({
  pluginId: "understudy",
  routes: { spacelift: spaceliftRouteRef, export: exportRouteRef },
  extensions: [spaceliftApi, exportApi, spaceliftPage, exportPage, entityContent, entityCard]
});
var alpha_default = understudyPlugin;
export {
  alpha_default as default,
  isSpaceliftAvailable
};
