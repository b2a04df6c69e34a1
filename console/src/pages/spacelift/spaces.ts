// Spaces as a tree. Choosing one chooses what is below it.
import type { Space } from '../../api/spacelift';

export interface SpaceNode {
  space: Space;
  depth: number;
  children: SpaceNode[];
}

const byName = (a: SpaceNode, b: SpaceNode) => a.space.name.localeCompare(b.space.name, 'en', { numeric: true });

/** The spaces as trees. A space whose parent cannot be seen is a root, and so is the first of a circle. */
export function spaceTree(spaces: Space[]): SpaceNode[] {
  const nodes = new Map(spaces.map((space) => [space.id, { space, depth: 0, children: [] as SpaceNode[] }]));
  const roots: SpaceNode[] = [];
  for (const node of nodes.values()) {
    const parent = node.space.parent === undefined ? undefined : nodes.get(node.space.parent);
    if (parent && !isAbove(node, parent, nodes)) parent.children.push(node);
    else roots.push(node);
  }
  const order = (level: SpaceNode[], depth: number) => {
    level.sort(byName);
    for (const node of level) {
      node.depth = depth;
      order(node.children, depth + 1);
    }
  };
  order(roots, 0);
  return roots;
}

/** Whether a node is the other one, or above it: such a link would close a circle. */
function isAbove(node: SpaceNode, other: SpaceNode, nodes: Map<string, SpaceNode>): boolean {
  const seen = new Set<string>();
  for (let at: SpaceNode | undefined = other; at && !seen.has(at.space.id); at = at.space.parent ? nodes.get(at.space.parent) : undefined) {
    if (at === node) return true;
    seen.add(at.space.id);
  }
  return false;
}

/** All nodes in the order in which a tree is read. */
export function flatten(roots: SpaceNode[]): SpaceNode[] {
  return roots.flatMap((node) => [node, ...flatten(node.children)]);
}

/** The spaces that are chosen because one above them is. */
export function coveredBy(roots: SpaceNode[], chosen: string[]): Set<string> {
  const covered = new Set<string>();
  const walk = (nodes: SpaceNode[], inside: boolean) => {
    for (const node of nodes) {
      if (inside) covered.add(node.space.id);
      walk(node.children, inside || chosen.includes(node.space.id));
    }
  };
  walk(roots, false);
  return covered;
}

/** The nodes that match a text, with all those above them, so that one sees where they are. */
export function findSpaces(roots: SpaceNode[], term: string): SpaceNode[] {
  const wanted = term.trim().toLowerCase();
  if (wanted === '') return flatten(roots);
  const walk = (node: SpaceNode): SpaceNode[] => {
    const below = node.children.flatMap(walk);
    const hit = node.space.name.toLowerCase().includes(wanted) || node.space.id.toLowerCase().includes(wanted);
    return hit || below.length > 0 ? [node, ...below] : [];
  };
  return roots.flatMap(walk);
}

/** A space with those above it, from the root. */
export function spacePath(spaces: Space[], id: string): Space[] {
  const byId = new Map(spaces.map((s) => [s.id, s]));
  const path: Space[] = [];
  for (let at = byId.get(id); at && !path.includes(at); at = at.parent ? byId.get(at.parent) : undefined) path.unshift(at);
  return path;
}

/** Where a space is, for people; that everything is below the root goes without saying. */
export function placeOf(spaces: Space[], id: string): string {
  const path = spacePath(spaces, id);
  return (path.length > 1 && path[0]!.id === 'root' ? path.slice(1) : path).map((s) => s.name).join(' / ');
}
