import {
  Backend,
  path
} from "./chunk-2KH3C2MS.esm.js";

// src/api/ExportApi.ts
import { createApiRef } from "@backstage/core-plugin-api";
var exportApiRef = createApiRef({ id: "plugin.understudy.export" });
var ExportClient = class {
  constructor({ discovery, fetchApi }) {
    this.backend = new Backend(discovery, fetchApi, ["rely", "rely-migration-plugin"]);
  }
  status(signal) {
    return this.backend.json("/status", { signal });
  }
  runs({ limit = 20, cursor } = {}, signal) {
    return this.backend.json("/runs", { query: { limit, cursor }, signal });
  }
  run(id, signal) {
    return this.backend.json(path`/runs/${id}`, { signal });
  }
  items(run, status, { limit = 20, cursor } = {}, signal) {
    return this.backend.json(path`/runs/${run}/items`, { query: { status, limit, cursor }, signal });
  }
  start(options) {
    return this.backend.json("/migrate", { method: "POST", query: { ...options } });
  }
  cancel(run) {
    return this.backend.json(path`/runs/${run}/cancel`, { method: "POST" });
  }
  resume(run) {
    return this.backend.json(path`/runs/${run}/resume`, { method: "POST" });
  }
  retryFailed(run) {
    return this.backend.json(path`/runs/${run}/retry-failed`, { method: "POST", body: {} });
  }
};

export {
  exportApiRef,
  ExportClient
};
