// The addresses of the Spacelift pages: a view can be shared, and the back button works.
import type { StackFilters, StateGroup } from '../../api/spacelift';
import { groupNames } from './states';

export interface StacksSearch {
  q?: string;
  group?: string | string[];
  state?: string | string[];
  space?: string | string[];
  label?: string | string[];
  repository?: string | string[];
}

export type FilterName = Exclude<keyof StackFilters, 'q'>;
export const filterNames: FilterName[] = ['group', 'state', 'space', 'label', 'repository'];

export const emptyFilters: StackFilters = { q: '', group: [], state: [], space: [], label: [], repository: [] };

function list(value: unknown): string[] {
  const values = Array.isArray(value) ? value : [value];
  return [...new Set(values.filter((v): v is string => typeof v === 'string' && v.trim() !== ''))];
}

/** Keeps what is understood of an address; the rest is dropped. */
export function parseStacksSearch(raw: Record<string, unknown>): StacksSearch {
  return searchOfFilters(filtersOf(raw));
}

export function filtersOf(search: StacksSearch | Record<string, unknown>): StackFilters {
  const raw = search as Record<string, unknown>;
  return {
    q: typeof raw.q === 'string' ? raw.q.trim().slice(0, 200) : '',
    group: list(raw.group).filter((g): g is StateGroup => (groupNames as string[]).includes(g)),
    state: list(raw.state).map((s) => s.toUpperCase()),
    space: list(raw.space),
    label: list(raw.label),
    repository: list(raw.repository),
  };
}

export function searchOfFilters(filters: StackFilters): StacksSearch {
  const out: StacksSearch = {};
  if (filters.q.trim()) out.q = filters.q.trim();
  for (const name of filterNames) {
    const values: string[] = filters[name];
    if (values.length > 0) out[name] = values.length === 1 ? values[0]! : values;
  }
  return out;
}

/** A filter with a value more, or less when it was chosen. Groups and states are two ways to say the same: one takes the other's place. */
export function toggled(filters: StackFilters, name: FilterName, value: string): StackFilters {
  const now: string[] = filters[name];
  const next = now.includes(value) ? now.filter((v) => v !== value) : [...now, value];
  const out: StackFilters = { ...filters, [name]: next };
  if (name === 'group') out.state = [];
  if (name === 'state') out.group = [];
  return out;
}

/** How many values are chosen, groups left out because they have a row of their own. */
export function countChosen(filters: StackFilters): number {
  return filterNames.filter((n) => n !== 'group').reduce((sum, name) => sum + filters[name].length, 0);
}

export const runKinds = ['tracked', 'proposed', 'task'] as const;
export type RunKind = (typeof runKinds)[number];

export function parseStackSearch(raw: Record<string, unknown>): { runs?: RunKind } {
  const kind = runKinds.find((k) => k === raw.runs && k !== 'tracked');
  return kind ? { runs: kind } : {};
}
