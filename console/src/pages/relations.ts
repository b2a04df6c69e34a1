// Relations in words, and in the order in which one asks about them.
import type { Entity, Ref } from '../api/entity';
import { formatRef, parseRef } from '../api/entity';

interface RelationLook {
  label: string;
  /** Whether the target stands above or before the entity: its owner, its system, who uses it. */
  before: boolean;
}

const looks: Record<string, RelationLook> = {
  ownedBy: { label: 'owned by', before: true },
  partOf: { label: 'part of', before: true },
  childOf: { label: 'child of', before: true },
  memberOf: { label: 'member of', before: true },
  apiProvidedBy: { label: 'provided by', before: true },
  apiConsumedBy: { label: 'consumed by', before: true },
  dependencyOf: { label: 'needed by', before: true },
  providesApi: { label: 'provides', before: false },
  consumesApi: { label: 'consumes', before: false },
  dependsOn: { label: 'depends on', before: false },
  hasPart: { label: 'has part', before: false },
  parentOf: { label: 'parent of', before: false },
  hasMember: { label: 'has member', before: false },
  ownerOf: { label: 'owns', before: false },
};

const order = Object.keys(looks);

export interface RelationGroup extends RelationLook {
  type: string;
  targets: Ref[];
}

/** A relation's name as words: a type nobody told us of is taken apart. */
export function relationLook(type: string): RelationLook {
  const words = type.replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase();
  return looks[type] ?? { label: words, before: / (of|by)$/.test(words) };
}

/** The relations by type, each target once. */
export function relationGroups(entity: Entity): RelationGroup[] {
  const groups = new Map<string, Map<string, Ref>>();
  for (const { type, targetRef } of entity.relations ?? []) {
    const ref = parseRef(targetRef);
    if (!ref) continue;
    const targets = groups.get(type) ?? new Map<string, Ref>();
    groups.set(type, targets.set(formatRef(ref), ref));
  }
  const place = (type: string) => (order.includes(type) ? order.indexOf(type) : order.length);
  return [...groups]
    .map(([type, targets]) => ({ type, ...relationLook(type), targets: [...targets.values()] }))
    .sort((a, b) => place(a.type) - place(b.type) || a.type.localeCompare(b.type));
}
