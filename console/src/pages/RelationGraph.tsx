// The entity and its neighbours, drawn by hand: what stands before it to the left, what follows from it to the right; on
// a narrow screen all below it. The boxes are links in the page's order, so the keyboard walks them; the lines are
// decoration, because each group of boxes also says what it is.
import { Text } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { entitiesByRefQuery } from '../api/catalog';
import { type Entity, formatRef, shortRef, titleOf } from '../api/entity';
import { KindIcon } from '../ui/KindIcon';
import { type Edge, type GraphBox, layout, moreTargets, type Placed } from './graphLayout';
import classes from './RelationGraph.module.css';
import { relationGroups } from './relations';

export function RelationGraph({ entity }: { entity: Entity }) {
  const { ref: box, width } = useElementSize();
  const groups = relationGroups(entity);
  const drawn = width > 0 ? layout(groups, width) : undefined;
  const refs = drawn?.boxes.flatMap((b) => (b.target ? [formatRef(b.target)] : [])) ?? [];
  const { data: neighbours } = useQuery(entitiesByRefQuery(refs));

  if (groups.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        No relations yet. Fields such as <code>spec.owner</code>, <code>spec.system</code> or <code>spec.dependsOn</code> make
        them.
      </Text>
    );
  }
  return (
    <div ref={box} className={classes.graph} style={{ height: drawn?.height ?? 200 }}>
      {drawn && (
        <>
          <svg className={classes.edges} width={width} height={drawn.height} aria-hidden>
            {drawn.edges.map((edge, i) => (
              <path key={i} d={curve(edge)} />
            ))}
          </svg>
          <Centre entity={entity} box={drawn.centre} />
          {drawn.labels.map((label) => (
            <span key={label.type} className={classes.label} data-side={label.side} style={{ left: label.x, top: label.y, width: label.width }}>
              {label.text}
            </span>
          ))}
          {drawn.boxes.map((b) => (
            <Neighbour key={b.key} box={b} entity={b.target && neighbours?.get(formatRef(b.target))} />
          ))}
        </>
      )}
    </div>
  );
}

function curve({ x1, y1, x2, y2, bend }: Edge): string {
  if (bend === 'across') {
    const middle = (x1 + x2) / 2;
    return `M${x1},${y1} C${middle},${y1} ${middle},${y2} ${x2},${y2}`;
  }
  return `M${x1},${y1} V${y2 - 10} Q${x1},${y2} ${x1 + 10},${y2} H${x2}`;
}

function place(box: Placed) {
  return { left: box.x, top: box.y, width: box.width, height: box.height };
}

function Centre({ entity, box }: { entity: Entity; box: Placed }) {
  return (
    <div className={classes.centre} style={place(box)}>
      <KindIcon kind={entity.kind} size={18} />
      <span className={classes.name}>{titleOf(entity)}</span>
    </div>
  );
}

function Neighbour({ box, entity }: { box: GraphBox; entity: Entity | null | undefined }) {
  if (!box.target) {
    return (
      <Link to="." search={{ tab: 'relations' } as never} className={classes.more} style={place(box)}>
        {moreTargets(box)}
      </Link>
    );
  }
  const { kind, namespace, name } = box.target;
  const missing = entity === null;
  const label = entity ? titleOf(entity) : shortRef(box.target, { kind });
  return (
    <Link
      to="/catalog/$namespace/$kind/$name"
      params={{ namespace, kind, name }}
      className={classes.box}
      data-missing={missing || undefined}
      style={place(box)}
      title={missing ? `${formatRef(box.target)} is not in the catalog` : formatRef(box.target)}
    >
      <KindIcon kind={kind} size={16} />
      <span className={classes.name}>{label}</span>
      {missing && <span className={classes.missing}>missing</span>}
    </Link>
  );
}
