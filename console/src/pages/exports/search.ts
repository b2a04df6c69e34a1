// The addresses of the export pages: which items are listed, and which entity is previewed.
import type { ItemStatus } from '../../api/export';

/** In the order in which they are offered. */
export const itemStatuses = ['failed', 'skipped', 'sent', 'pending'] as const satisfies readonly ItemStatus[];

export interface RunSearch {
  /** Absent: all of them. */
  status?: ItemStatus;
}

export function parseRunSearch(raw: Record<string, unknown>): RunSearch {
  const status = itemStatuses.find((s) => s === raw.status);
  return status ? { status } : {};
}

export const formats = ['yaml', 'json'] as const;
export type Format = (typeof formats)[number];

export interface PreviewSearch {
  entity?: string;
  /** Absent: YAML. */
  as?: Exclude<Format, 'yaml'>;
}

export function parsePreviewSearch(raw: Record<string, unknown>): PreviewSearch {
  const out: PreviewSearch = {};
  if (typeof raw.entity === 'string' && raw.entity.trim()) out.entity = raw.entity.trim();
  if (raw.as === 'json') out.as = 'json';
  return out;
}
