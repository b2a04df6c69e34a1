// The entities that were looked at last in this browser.
import { useSyncExternalStore } from 'react';

export interface RecentEntity {
  ref: string;
  title: string;
}

const key = 'understudy-recent';
const kept = 12;
const listeners = new Set<() => void>();
let cached: { text: string | null; list: RecentEntity[] } = { text: null, list: [] };

function read(): RecentEntity[] {
  let stored: string | null = null;
  try {
    stored = localStorage.getItem(key);
  } catch {
    return cached.list;
  }
  if (stored !== cached.text) cached = { text: stored, list: parse(stored) };
  return cached.list;
}

function parse(stored: string | null): RecentEntity[] {
  try {
    const list: unknown = JSON.parse(stored ?? '[]');
    if (!Array.isArray(list)) return [];
    return list.filter((e): e is RecentEntity => typeof e?.ref === 'string' && typeof e?.title === 'string');
  } catch {
    return [];
  }
}

export function remember(entity: RecentEntity): void {
  const list = [entity, ...read().filter((e) => e.ref !== entity.ref)].slice(0, kept);
  try {
    localStorage.setItem(key, JSON.stringify(list));
  } catch {
    return; // storage is turned off or full: nothing is remembered
  }
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useRecent(): RecentEntity[] {
  return useSyncExternalStore(subscribe, read);
}
