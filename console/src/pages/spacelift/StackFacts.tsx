import { Anchor, Stack, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { parseRef } from '../../api/entity';
import type { StackDetail } from '../../api/spacelift';
import { EntityLink } from '../../ui/EntityLink';
import { Panel } from '../../ui/Panel';
import { Time } from '../../ui/Time';
import { useTitles } from '../../ui/useTitles';
import { CommitLine } from './CommitLine';
import classes from './StackPage.module.css';

const vendors: Record<string, string> = {
  terraform: 'Terraform', opentofu: 'OpenTofu', terragrunt: 'Terragrunt', pulumi: 'Pulumi', cloudformation: 'CloudFormation',
  kubernetes: 'Kubernetes', ansible: 'Ansible', other: 'Other',
};

/** What is known of a stack beside its runs. */
export function StackFacts({ stack }: { stack: StackDetail }) {
  return (
    <Stack gap="lg">
      <Panel title="About"><Facts stack={stack} /></Panel>
      {stack.commit && <Panel title="Commit"><CommitLine commit={stack.commit} wrap /></Panel>}
      <Panel title="In the catalog"><Entities refs={stack.entities} id={stack.id} /></Panel>
      <Dependencies stack={stack} />
      <Attached stack={stack} />
    </Stack>
  );
}

function Facts({ stack }: { stack: StackDetail }) {
  const repository = [stack.namespace, stack.repository].filter(Boolean).join('/');
  const facts: [string, ReactNode][] = [
    ['Space', <Anchor size="sm" key="space" renderRoot={(props) => <Link {...props} to="/spacelift" search={{ space: stack.space.id }} />}>{stack.space.name}</Anchor>],
    ['Repository', repository && <Anchor size="sm" key="repository" renderRoot={(props) => <Link {...props} to="/spacelift" search={{ repository }} />}>{repository}</Anchor>],
    ['Branch', stack.branch],
    ['Folder', stack.projectRoot],
    ['Tool', stack.vendor && [vendors[stack.vendor] ?? stack.vendor, stack.terraformVersion].filter(Boolean).join(' ')],
    ['Workspace', stack.workspace],
    ['Workers', stack.workerPool ?? 'public pool'],
    ['Image', stack.runnerImage],
    ['After a plan', stack.autodeploy === undefined ? undefined : stack.autodeploy ? 'applied by itself' : 'waits for a confirmation'],
    ['State file', stack.managesStateFile === undefined ? undefined : stack.managesStateFile ? 'kept by Spacelift' : 'kept elsewhere'],
    ['Protected', stack.protectFromDeletion ? 'from deletion' : undefined],
    ['Created', stack.createdAt && <Time key="created" value={stack.createdAt} />],
    ['Last read', <Time key="read" value={stack.syncedAt} />],
    ['Labels', stack.labels.length > 0 && <Labels key="labels" labels={stack.labels} />],
  ];
  return (
    <dl className={classes.facts}>
      {facts.filter(([, value]) => value).map(([name, value]) => (
        <div key={name} style={{ display: 'contents' }}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Labels({ labels }: { labels: string[] }) {
  return (
    <span className={classes.labels}>
      {labels.map((label) => (
        <Link key={label} to="/spacelift" search={{ label }} className={classes.label}>{label}</Link>
      ))}
    </span>
  );
}

function Entities({ refs, id }: { refs: string[]; id: string }) {
  const known = refs.flatMap((ref) => parseRef(ref) ?? []);
  const title = useTitles(known);
  if (known.length === 0) {
    return (
      <Text size="sm" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
        No entity names this stack. Give one the annotation <code>spacelift.io/stack-id: {id}</code>.
      </Text>
    );
  }
  return (
    <ul className={classes.list}>
      {known.map((ref) => (
        <li key={ref.kind + ref.namespace + ref.name}><EntityLink entityRef={ref} icon size="sm">{title(ref)}</EntityLink></li>
      ))}
    </ul>
  );
}

function Dependencies({ stack }: { stack: StackDetail }) {
  const lists = [
    { title: 'It depends on', items: stack.dependsOn ?? [] },
    { title: 'On it depend', items: stack.dependedOnBy ?? [] },
  ].filter((l) => l.items.length > 0);
  if (lists.length === 0) return null;
  return (
    <Panel title="Dependencies">
      <Stack gap="md">
        {lists.map(({ title, items }) => (
          <div key={title}>
            <p className={classes.subtitle}>{title}</p>
            <ul className={classes.list}>
              {items.map((s) => (
                <li key={s.id}><Anchor size="sm" renderRoot={(props) => <Link {...props} to="/spacelift/$stackId" params={{ stackId: s.id }} />}>{s.name}</Anchor></li>
              ))}
            </ul>
          </div>
        ))}
      </Stack>
    </Panel>
  );
}

function Attached({ stack }: { stack: StackDetail }) {
  const lists = [
    { title: 'Policies', items: (stack.policies ?? []).map((p) => ({ ...p, kind: p.type?.replaceAll('_', ' ').toLowerCase() })) },
    {
      title: 'Contexts',
      items: (stack.contexts ?? []).toSorted((a, b) => (a.priority ?? 0) - (b.priority ?? 0)).map((c) => ({ ...c, kind: c.priority === undefined ? undefined : `priority ${c.priority}` })),
    },
  ].filter((l) => l.items.length > 0);
  if (lists.length === 0) return null;
  return (
    <Panel title="Policies and contexts">
      <Stack gap="md">
        {lists.map(({ title, items }) => (
          <div key={title}>
            <p className={classes.subtitle}>{title}</p>
            <ul className={classes.list}>
              {items.map((item) => (
                <li key={item.id}>
                  <span>{item.name}</span>
                  {item.kind && <span className={classes.kind}>{item.kind}</span>}
                </li>
              ))}
            </ul>
          </div>
        ))}
      </Stack>
    </Panel>
  );
}
