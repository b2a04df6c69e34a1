import { Anchor, Group, Skeleton, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { lazy, type ReactNode, Suspense } from 'react';
import IconLink from '@tabler/icons-react/dist/esm/icons/IconExternalLink.mjs';
import IconLinkOff from '@tabler/icons-react/dist/esm/icons/IconLinkOff.mjs';
import { type Entity, refOf, safeUrl, text } from '../api/entity';
import { annotatedStacks, spaceliftPlugin } from '../api/spacelift';
import { bootstrapQuery } from '../api/system';
import { CopyIcon } from '../ui/CopyIcon';
import { EntityLink } from '../ui/EntityLink';
import { Panel } from '../ui/Panel';
import { Key, Path } from '../ui/Path';
import { useTitles } from '../ui/useTitles';
import classes from './Entity.module.css';
import { RelationGraph } from './RelationGraph';
import { relationGroups } from './relations';

const EntityStacks = lazy(() => import('./EntityStacks'));

/** The first tab: how the entity stands among others, and what is known of it. */
export function EntityAbout({ entity }: { entity: Entity }) {
  const links = entity.metadata.links ?? [];
  return (
    <div className={classes.columns}>
      <Stack gap="lg">
        <Panel title="Relations">
          <RelationGraph entity={entity} />
        </Panel>
        <Annotations entity={entity} />
      </Stack>
      <Stack gap="lg">
        <Panel title="About">
          <Facts entity={entity} />
        </Panel>
        <Stacks entity={entity} />
        {links.length > 0 && (
          <Panel title="Links">
            <ul className={classes.links}>
              {links.map((link, i) => (
                <li key={i}>
                  <Outside url={link.url}>{text(link.title) ?? link.url}</Outside>
                </li>
              ))}
            </ul>
          </Panel>
        )}
      </Stack>
    </div>
  );
}

/** Where Spacelift is set up, and the entity names stacks. */
function Stacks({ entity }: { entity: Entity }) {
  const { data: bootstrap } = useQuery(bootstrapQuery);
  if (!bootstrap?.plugins.includes(spaceliftPlugin) || annotatedStacks(entity.metadata.annotations).length === 0) return null;
  return (
    <Suspense fallback={<Skeleton h={120} radius="lg" />}>
      <EntityStacks entity={entity} />
    </Suspense>
  );
}

/** A link out of the console; an address that is not safe to follow is shown as text. */
function Outside({ url, children }: { url: string; children: ReactNode }) {
  const href = safeUrl(url);
  if (!href) {
    return (
      <Text span size="sm" c="dimmed" title="This address is not one that a page may link to">
        <IconLinkOff size={16} stroke={1.6} aria-hidden />
        {children}
      </Text>
    );
  }
  return (
    <Anchor href={href} target="_blank" rel="noreferrer" size="sm">
      <IconLink size={16} stroke={1.6} style={{ flex: 'none' }} aria-hidden />
      {children}
    </Anchor>
  );
}

/** The relations that are facts about the entity rather than its surroundings. */
const factRelations = ['ownedBy', 'partOf', 'childOf', 'memberOf'];
const shownTargets = 8;

function Facts({ entity }: { entity: Entity }) {
  const ref = refOf(entity);
  const profile = entity.spec?.profile as { email?: unknown } | undefined;
  const groups = relationGroups(entity)
    .filter((g) => factRelations.includes(g.type))
    .map((g) => ({ ...g, targets: g.targets.slice(0, shownTargets) }));
  const title = useTitles(groups.flatMap((g) => g.targets));
  const facts: [string, ReactNode][] = [
    ...groups.map((g): [string, ReactNode] => [
      capital(g.label),
      <Stack key={g.type} gap={4}>
        {g.targets.map((t) => (
          <span key={t.kind + t.namespace + t.name}>
            <EntityLink entityRef={t} icon size="sm" defaults={{ kind: t.kind }}>
              {title(t)}
            </EntityLink>
          </span>
        ))}
      </Stack>,
    ]),
    ['Type', text(entity.spec?.type)],
    ['Lifecycle', text(entity.spec?.lifecycle)],
    ['Namespace', ref.namespace],
    ['E-mail', text(profile?.email)],
    ...Object.entries(entity.metadata.labels ?? {}).map(([key, value]): [string, ReactNode] => [key, value]),
    ['Read from', <Location key="location" entity={entity} />],
  ];
  return (
    <dl className={classes.facts}>
      {facts
        .filter(([, value]) => value !== undefined && value !== '')
        .map(([name, value]) => (
          <div key={name} style={{ display: 'contents' }}>
            <dt><Key value={name} /></dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

function Location({ entity }: { entity: Entity }) {
  const annotations = entity.metadata.annotations ?? {};
  const location = annotations['backstage.io/managed-by-location'] ?? '';
  const target = location.replace(/^[^:]*:/, '');
  const url = safeUrl(annotations['backstage.io/view-url'] ?? target);
  if (!target) return <>unknown</>;
  return (
    <Group gap={4} wrap="nowrap" align="flex-start" className={classes.location}>
      {url ? <Outside url={url}><Path value={target} /></Outside> : <Path value={target} />}
      <CopyIcon value={target} label="Copy where it was read from" />
    </Group>
  );
}

function capital(label: string): string {
  return label.charAt(0).toUpperCase() + label.slice(1);
}

function Annotations({ entity }: { entity: Entity }) {
  const annotations = Object.entries(entity.metadata.annotations ?? {});
  if (annotations.length === 0) return null;
  return (
    <Panel title="Annotations">
      <dl className={classes.annotations}>
        {annotations.map(([key, value]) => (
          <div key={key}>
            <dt><Key value={key} /></dt>
            <dd>{safeUrl(value) ? <Outside url={value}>{value}</Outside> : value}</dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}
