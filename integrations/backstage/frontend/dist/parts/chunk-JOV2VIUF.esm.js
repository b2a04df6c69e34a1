import {
  stackIdsOf
} from "./chunk-VVM6OF5N.esm.js";
import {
  officialRow,
  pollAfter,
  rowOf,
  useChanges
} from "./chunk-IP5OFDLE.esm.js";
import {
  isV1Missing,
  spaceliftApiRef
} from "./chunk-GXFRMVBW.esm.js";
import {
  useLoad
} from "./chunk-CZSHZ6WC.esm.js";

// src/spacelift/useEntityStacks.ts
import { useApi } from "@backstage/core-plugin-api";
import { useEntity } from "@backstage/plugin-catalog-react";
var most = 200;
function useEntityStacks() {
  const api = useApi(spaceliftApiRef);
  const { entity } = useEntity();
  const ids = stackIdsOf(entity);
  const { kind, metadata } = entity;
  const entityRef = `${kind}:${metadata.namespace ?? "default"}/${metadata.name}`.toLowerCase();
  const live = useChanges((changed) => (changed === void 0 || changed.some((id) => ids.includes(id))) && found.reload());
  const read = async (signal) => {
    try {
      const { items } = await api.stacks({ entityRef }, { limit: most }, signal);
      return { rows: items.map(rowOf), stacks: items };
    } catch (error) {
      if (!isV1Missing(error)) throw error;
      const all = await api.officialStacks(signal);
      const { hostUrl } = api.settings();
      return { rows: all.filter(({ id }) => ids.includes(id)).map((stack) => officialRow(stack, hostUrl)) };
    }
  };
  const found = useLoad(`${entityRef} ${ids.join()}`, read, { every: (_, error) => pollAfter(live, error) });
  const missing = found.value ? ids.filter((id) => !found.value?.rows.some((row) => row.id === id)) : [];
  return { ...found, missing };
}

export {
  useEntityStacks
};
