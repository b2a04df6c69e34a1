// The language of the catalog, as far as the console speaks it.

export interface EntityLink {
  url: string;
  title?: string;
  icon?: string;
  type?: string;
}

export interface Relation {
  type: string;
  targetRef: string;
}

export interface StatusItem {
  type: string;
  level: string;
  message: string;
}

/** An entity as the catalog answers. With `fields`, everything that was not asked for is missing. */
export interface Entity {
  apiVersion?: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    uid?: string;
    title?: string;
    description?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    tags?: string[];
    links?: EntityLink[];
  };
  spec?: Record<string, unknown>;
  relations?: Relation[];
  status?: { items?: StatusItem[] };
}

export interface Ref {
  kind: string;
  namespace: string;
  name: string;
}

/** Parses `[kind:][namespace/]name`. Undefined when it is none. */
export function parseRef(text: string, defaults: { kind?: string; namespace?: string } = {}): Ref | undefined {
  const match = /^(?:([^:/]+):)?(?:([^:/]+)\/)?([^:/]+)$/.exec(text.trim());
  const kind = match?.[1] ?? defaults.kind;
  if (!match?.[3] || !kind) return undefined;
  return { kind, namespace: match[2] ?? defaults.namespace ?? 'default', name: match[3] };
}

/** The canonical form: all in lower case. */
export function formatRef(ref: Ref): string {
  return `${ref.kind}:${ref.namespace}/${ref.name}`.toLowerCase();
}

export function refOf(entity: Entity): Ref {
  return { kind: entity.kind, namespace: entity.metadata.namespace ?? 'default', name: entity.metadata.name };
}

/** A ref for people: kind and namespace are left out where they are what one expects. */
export function shortRef(ref: Ref, defaults: { kind?: string; namespace?: string } = {}): string {
  const kind = ref.kind.toLowerCase() === defaults.kind?.toLowerCase() ? '' : `${ref.kind.toLowerCase()}:`;
  const namespace = ref.namespace.toLowerCase() === (defaults.namespace ?? 'default') ? '' : `${ref.namespace}/`;
  return kind + namespace + ref.name;
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** What to call an entity. */
export function titleOf(entity: Entity): string {
  const profile = entity.spec?.profile as { displayName?: unknown } | undefined;
  return text(entity.metadata.title) ?? text(profile?.displayName) ?? entity.metadata.name;
}

/** The owner as written in the spec; the canonical ref where it can be told. */
export function ownerOf(entity: Entity): Ref | undefined {
  const owner = text(entity.spec?.owner);
  return owner === undefined ? undefined : parseRef(owner, { kind: 'group', namespace: entity.metadata.namespace });
}

export function isOrphan(entity: Entity): boolean {
  return entity.metadata.annotations?.['backstage.io/orphan'] === 'true';
}

/** A link that is safe to follow, or undefined: a catalog file may hold any address, such as javascript:. */
export function safeUrl(url: string | undefined): string | undefined {
  if (!url) return undefined;
  try {
    const parsed = new URL(url);
    return ['http:', 'https:', 'mailto:'].includes(parsed.protocol) ? parsed.href : undefined;
  } catch {
    return undefined;
  }
}
