// Where the boxes and lines of the relation graph go. Pure arithmetic, so that it can be tested.
import type { Ref } from '../api/entity';
import { formatRef } from '../api/entity';
import type { RelationGroup } from './relations';

export interface Placed {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface GraphBox extends Placed {
  key: string;
  /** Undefined for the box that stands for the rest of its group. */
  target?: Ref;
  more?: number;
}

export interface Edge {
  x1: number;
  y1: number;
  x2: number;
  y2: number;
  bend: 'across' | 'down';
}

export interface Label {
  type: string;
  text: string;
  side: 'left' | 'right';
  x: number;
  y: number;
  width: number;
}

export interface Graph {
  height: number;
  centre: Placed;
  boxes: GraphBox[];
  edges: Edge[];
  labels: Label[];
}

const boxHeight = 34;
const gap = 8;
const labelHeight = 22;
const groupGap = 12;
/** Narrower than this there is no room for three columns. */
const narrow = 620;

/** How many targets of a group are drawn: one may have thousands, and a graph of more says nothing. */
const drawnTargets = 5;

export function moreTargets(box: GraphBox): string {
  return `${(box.more ?? 0).toLocaleString('en')} more`;
}

export function layout(groups: RelationGroup[], width: number): Graph {
  return width < narrow ? tree(groups, width) : columns(groups, width);
}

/** The boxes of one group from a corner downwards, and where the next group begins. */
function stack(group: RelationGroup, x: number, y: number, width: number): { boxes: GraphBox[]; end: number } {
  const boxes: GraphBox[] = [];
  // A box that says "1 more" would take the place of the one.
  const all = group.targets.length <= drawnTargets + 1;
  const targets = all ? group.targets : group.targets.slice(0, drawnTargets);
  let top = y + labelHeight;
  for (const target of targets) {
    boxes.push({ key: `${group.type} ${formatRef(target)}`, target, x, y: top, width, height: boxHeight });
    top += boxHeight + gap;
  }
  if (!all) {
    boxes.push({ key: `${group.type} more`, more: group.targets.length - targets.length, x, y: top, width, height: boxHeight });
    top += boxHeight + gap;
  }
  return { boxes, end: top - gap + groupGap };
}

function heightOf(groups: RelationGroup[]): number {
  return groups.reduce((y, g) => stack(g, 0, y, 0).end, 0) - (groups.length > 0 ? groupGap : 0);
}

function columns(groups: RelationGroup[], width: number): Graph {
  const boxWidth = Math.min(230, Math.floor((width - 2 * 56) / 3));
  const sides = [
    { side: 'left' as const, groups: groups.filter((g) => g.before), x: 0 },
    { side: 'right' as const, groups: groups.filter((g) => !g.before), x: width - boxWidth },
  ];
  const height = Math.max(...sides.map((s) => heightOf(s.groups)), boxHeight + 40);
  const centre = { x: (width - boxWidth) / 2, y: (height - 44) / 2, width: boxWidth, height: 44 };
  const graph: Graph = { height, centre, boxes: [], edges: [], labels: [] };
  for (const { side, groups: own, x } of sides) {
    let y = (height - heightOf(own)) / 2;
    for (const group of own) {
      graph.labels.push({ type: group.type, text: group.label, side, x, y, width: boxWidth });
      const { boxes, end } = stack(group, x, y, boxWidth);
      for (const box of boxes) {
        graph.boxes.push(box);
        graph.edges.push({
          x1: side === 'left' ? centre.x : centre.x + centre.width,
          y1: centre.y + centre.height / 2,
          x2: side === 'left' ? box.x + box.width : box.x,
          y2: box.y + box.height / 2,
          bend: 'across',
        });
      }
      y = end;
    }
  }
  return graph;
}

function tree(groups: RelationGroup[], width: number): Graph {
  const indent = 28;
  const centre = { x: 0, y: 0, width, height: 44 };
  const graph: Graph = { height: 0, centre, boxes: [], edges: [], labels: [] };
  let y = centre.height + groupGap;
  for (const group of groups) {
    graph.labels.push({ type: group.type, text: group.label, side: 'right', x: indent, y, width: width - indent });
    const { boxes, end } = stack(group, indent, y, width - indent);
    for (const box of boxes) {
      graph.boxes.push(box);
      graph.edges.push({ x1: 12, y1: centre.height, x2: indent, y2: box.y + box.height / 2, bend: 'down' });
    }
    y = end;
  }
  graph.height = y - groupGap;
  return graph;
}
