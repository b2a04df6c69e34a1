import { Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import IconMasks from '@tabler/icons-react/dist/esm/icons/IconMasksTheater.mjs';
import { type Entity, formatRef, type Ref, shortRef } from '../api/entity';
import { EmptyState } from '../ui/EmptyState';
import { EntityLink } from '../ui/EntityLink';
import { Panel } from '../ui/Panel';
import { useTitles } from '../ui/useTitles';
import classes from './Entity.module.css';
import { type RelationGroup, relationGroups } from './relations';

/** All relations as links. */
export function EntityRelations({ entity }: { entity: Entity }) {
  const groups = relationGroups(entity);
  if (groups.length === 0) {
    return (
      <EmptyState icon={IconMasks} title="It stands alone">
        Nothing refers to this entity, and it refers to nothing. Set fields such as <code>spec.owner</code>,{' '}
        <code>spec.system</code> or <code>spec.dependsOn</code> in its file to give it a place.
      </EmptyState>
    );
  }
  return (
    <div className={classes.groups}>
      {groups.map((group) => (
        <Group key={group.type} group={group} />
      ))}
    </div>
  );
}

/** A group may own thousands: the first are shown, and the others are found by typing. */
const shown = 50;
/** Of so many the title is asked for. */
const named = 500;

function Group({ group }: { group: RelationGroup }) {
  const [find, setFind] = useState('');
  const term = find.toLowerCase();
  const titleFor = useTitles(group.targets.slice(0, named));
  const found = group.targets.filter((t) => formatRef(t).includes(term) || titleFor(t)?.toLowerCase().includes(term));
  const title = group.label.charAt(0).toUpperCase() + group.label.slice(1);
  return (
    <Panel title={title} right={<Text size="sm" c="dimmed">{group.targets.length.toLocaleString('en')}</Text>}>
      {group.targets.length > 12 && (
        <TextInput size="xs" mb="sm" placeholder="Find" aria-label={`Find in ${title}`} value={find} onChange={(e) => setFind(e.currentTarget.value)} />
      )}
      <ul className={classes.refs}>
        {found.slice(0, shown).map((target) => (
          <li key={formatRef(target)}>
            <Target target={target} title={titleFor(target)} />
          </li>
        ))}
      </ul>
      {found.length > shown && (
        <Text size="sm" c="dimmed" mt="sm">
          and {(found.length - shown).toLocaleString('en')} more; type to find one
        </Text>
      )}
      {found.length === 0 && <Text size="sm" c="dimmed">None has “{find}” in its name.</Text>}
    </Panel>
  );
}

function Target({ target, title }: { target: Ref; title: string | undefined }) {
  const ref = shortRef(target, { kind: target.kind });
  return (
    <>
      <EntityLink entityRef={target} icon size="sm">
        {title ?? ref}
      </EntityLink>
      {title !== undefined && title !== ref && <Text span size="xs" c="dimmed" ml={8}>{ref}</Text>}
    </>
  );
}
