import {
  ApiError,
  Backend,
  StrangeError,
  isRouteMissing,
  path
} from "./chunk-2KH3C2MS.esm.js";

// src/api/SpaceliftApi.ts
import { createApiRef } from "@backstage/core-plugin-api";
var spaceliftApiRef = createApiRef({ id: "plugin.understudy.spacelift" });
var SpaceliftClient = class {
  constructor({ discovery, fetchApi, config }) {
    this.backend = new Backend(discovery, fetchApi, ["spacelift-io"]);
    this.config = config;
  }
  stacks(filters, { limit = 20, cursor } = {}, signal) {
    return this.backend.json("/v1/stacks", { query: { ...filters, limit, cursor }, signal });
  }
  stack(id, signal) {
    return this.backend.json(path`/v1/stacks/${id}`, { signal });
  }
  runs(stack, kind, cursor, signal) {
    return this.backend.json(path`/v1/stacks/${stack}/runs`, { query: { kind, cursor }, signal });
  }
  run(stack, run, signal) {
    return this.backend.json(path`/v1/stacks/${stack}/runs/${run}`, { signal });
  }
  logPage(stack, run, phase, signal) {
    return this.backend.json(path`/v1/stacks/${stack}/runs/${run}/logs`, { query: { ...phase }, signal });
  }
  openLog(stack, run, token, signal) {
    const from = token === void 0 ? "" : `&token=${encodeURIComponent(token)}`;
    return this.backend.stream(`${path`/v1/stacks/${stack}/runs/${run}/logs`}?follow=true${from}`, signal);
  }
  openEvents(signal) {
    return this.backend.stream("/v1/events", signal);
  }
  trigger(stack, reason, key) {
    const body = reason === "" ? {} : { reason };
    return this.backend.json(path`/v1/stacks/${stack}/runs`, { method: "POST", body, headers: { "Idempotency-Key": key } });
  }
  act(stack, run, action, note, key) {
    const where = path`/v1/stacks/${stack}/runs/${run}/${action}`;
    return this.backend.json(where, { method: "POST", body: note === "" ? {} : { note }, headers: { "Idempotency-Key": key } });
  }
  status(signal) {
    return this.backend.json("/v1/status", { signal });
  }
  async officialStacks(signal) {
    const answer = await this.backend.json("/stacks", { signal });
    if (Array.isArray(answer)) return answer;
    throw refused(answer) ?? new StrangeError("The list of stacks is no list");
  }
  async officialTrigger(stack) {
    const answer = await this.backend.json(path`/stacks/${stack}/trigger`, { method: "POST" });
    if (typeof answer.id === "string") return { id: answer.id, state: typeof answer.state === "string" ? answer.state : void 0 };
    throw refused(answer) ?? new StrangeError("The answer names no run");
  }
  settings() {
    const config = this.config.getOptionalConfig("spacelift");
    return { hostUrl: config?.getOptionalString("hostUrl"), readOnly: readOnlyOf(config?.getOptional("readOnly")) };
  }
};
function refused(answer) {
  const said = answer?.error;
  return typeof said === "string" ? new ApiError(502, `Spacelift says: ${said}`) : void 0;
}
function readOnlyOf(value) {
  return ["true", "yes", "y", "on", "1"].includes(String(value ?? "").toLowerCase());
}
var isV1Missing = isRouteMissing;

// src/links.tsx
import { createContext, useContext, useMemo } from "react";
var LinksContext = createContext({});
function useSpaceliftLinks() {
  const { spacelift } = useContext(LinksContext);
  return useMemo(() => {
    const base = spacelift?.replace(/\/+$/, "");
    const below = (rest) => base === void 0 ? void 0 : `${base}${rest}`;
    return {
      root: spacelift,
      stack: (id) => below(`/stacks/${encodeURIComponent(id)}`),
      run: (stack, run) => below(`/stacks/${encodeURIComponent(stack)}/runs/${encodeURIComponent(run)}`)
    };
  }, [spacelift]);
}

export {
  spaceliftApiRef,
  SpaceliftClient,
  isV1Missing,
  LinksContext,
  useSpaceliftLinks
};
