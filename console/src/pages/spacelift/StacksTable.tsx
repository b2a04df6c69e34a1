import { Anchor, Group, Skeleton, Table, Text, UnstyledButton } from '@mantine/core';
import { Link, useNavigate } from '@tanstack/react-router';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import IconBranch from '@tabler/icons-react/dist/esm/icons/IconGitBranch.mjs';
import IconDown from '@tabler/icons-react/dist/esm/icons/IconChevronDown.mjs';
import IconOut from '@tabler/icons-react/dist/esm/icons/IconExternalLink.mjs';
import IconUp from '@tabler/icons-react/dist/esm/icons/IconChevronUp.mjs';
import { safeUrl } from '../../api/entity';
import type { Space, Stack } from '../../api/spacelift';
import { Time } from '../../ui/Time';
import { CommitLine } from './CommitLine';
import { Flags } from './Flags';
import { plain } from './markdownParts';
import { StateChip } from './StateChip';
import { placeOf } from './spaces';
import classes from './StacksTable.module.css';
import { TriggerButton } from './TriggerButton';

interface Props {
  rows: Stack[];
  total: number;
  spaces: Space[];
  /** Whether the rows answer an older question. */
  stale: boolean;
  /** Filled with the ids of the rows that are drawn. */
  shown: React.RefObject<Set<string>>;
  /** Called when the end of the rows comes near. */
  onEnd: () => void;
  onTrigger: (stack: Stack) => void;
}

const columns = ['name', 'state', 'space', 'source', 'commit', 'labels', 'action'] as const;
const titles: Record<(typeof columns)[number], string> = {
  name: 'Stack', state: 'State', space: 'Space', source: 'Repository', commit: 'Commit', labels: 'Labels', action: 'Actions',
};

/** So many rows before the end of those that are there, more are asked for. */
const ahead = 30;

/** Only the rows on screen are drawn, and some around them: ten thousand are as fast as ten. */
export function StacksTable({ rows, total, spaces, stale, shown, onEnd, onTrigger }: Props) {
  const body = useRef<HTMLTableSectionElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => {
    const now = (body.current?.getBoundingClientRect().top ?? 0) + window.scrollY;
    if (Math.abs(now - top) > 1) setTop(now);
  });
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => 66,
    overscan: 8,
    scrollMargin: top,
    getItemKey: (i) => rows[i]!.id,
    useFlushSync: false,
  });
  const items = virtual.getVirtualItems();
  const first = items[0];
  const last = items.at(-1);
  useEffect(() => {
    shown.current = new Set(items.map((item) => rows[item.index]!.id));
    if (last && last.index >= rows.length - ahead) onEnd();
  });
  return (
    <Table className={classes.table} data-stale={stale || undefined} aria-busy={stale} aria-rowcount={total + 1}>
      <caption className={classes.caption}>Stacks</caption>
      <Table.Thead>
        <Table.Tr aria-rowindex={1}>
          {columns.map((c) => (
            <Table.Th key={c} className={classes[c]}>{c === 'action' ? <span className={classes.caption}>{titles[c]}</span> : titles[c]}</Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody ref={body} className={classes.body}>
        <Spacer height={first ? first.start - top : 0} />
        {items.map((item) => (
          <Row key={item.key} index={item.index} stack={rows[item.index]!} spaces={spaces} measure={virtual.measureElement} onTrigger={onTrigger} />
        ))}
        <Spacer height={last ? virtual.getTotalSize() - (last.end - top) : 0} />
      </Table.Tbody>
    </Table>
  );
}

function Spacer({ height }: { height: number }) {
  if (height <= 0) return null;
  return (
    <tr aria-hidden>
      <td className={classes.spacer} style={{ height }} />
    </tr>
  );
}

interface RowProps {
  stack: Stack;
  index: number;
  spaces: Space[];
  measure: (element: HTMLTableRowElement | null) => void;
  onTrigger: (stack: Stack) => void;
}

/** A row leads to its stack wherever it is clicked; for the keyboard there is the link in it. */
function Row({ stack, index, spaces, measure, onTrigger }: RowProps) {
  const navigate = useNavigate();
  const open = (event: React.MouseEvent) => {
    if ((event.target as Element).closest('a, button') || window.getSelection()?.toString()) return;
    void navigate({ to: '/spacelift/$stackId', params: { stackId: stack.id } });
  };
  const where = placeOf(spaces, stack.space.id) || stack.space.name;
  const out = safeUrl(stack.url);
  return (
    <Table.Tr ref={measure} data-index={index} data-stack={stack.id} aria-rowindex={index + 2} className={classes.row} onClick={open}>
      <Table.Td className={classes.name}><NameCell stack={stack} where={where} /></Table.Td>
      <Table.Td className={classes.state}>
        <StateChip state={stack.state} />
        {stack.stateSetAt && <Text size="xs" c="dimmed" mt={3} component="div"><Time value={stack.stateSetAt} /></Text>}
      </Table.Td>
      <Table.Td className={classes.space}>
        <Link to="/spacelift" search={{ space: stack.space.id }} className={classes.quiet} title={where}>{stack.space.name}</Link>
      </Table.Td>
      <Table.Td className={classes.source}><Source stack={stack} /></Table.Td>
      <Table.Td className={classes.commit}>{stack.commit && <CommitLine commit={stack.commit} />}</Table.Td>
      <Table.Td className={classes.labels}><Labels labels={stack.labels} /></Table.Td>
      <Table.Td className={classes.action}>
        <Group gap={2} wrap="nowrap" justify="flex-end">
          <TriggerButton stack={stack} compact onTrigger={() => onTrigger(stack)} />
          {out && (
            <Anchor href={out} target="_blank" rel="noreferrer" className={classes.out} aria-label={`${stack.name} at Spacelift`} title="At Spacelift">
              <IconOut size={16} stroke={1.6} aria-hidden />
            </Anchor>
          )}
        </Group>
      </Table.Td>
    </Table.Tr>
  );
}

function NameCell({ stack, where }: { stack: Stack; where: string }) {
  const [open, setOpen] = useState(false);
  const id = `about-${stack.id}`;
  return (
    <>
      <Group gap={6} wrap="nowrap">
        <Anchor fw={600} size="sm" className={classes.link} renderRoot={(props) => <Link {...props} to="/spacelift/$stackId" params={{ stackId: stack.id }} />}>
          {stack.name}
        </Anchor>
        <Flags stack={stack} />
      </Group>
      {stack.description && (
        <div className={classes.about}>
          <Text size="xs" c="dimmed" truncate={!open} title={open ? undefined : plain(stack.description)} id={id} className={open ? classes.whole : classes.brief}>
            {open ? stack.description : plain(stack.description)}
          </Text>
          <UnstyledButton
            className={classes.more}
            aria-expanded={open}
            aria-controls={id}
            aria-label={open ? `Show less of the description of ${stack.name}` : `Show the description of ${stack.name}`}
            onClick={() => setOpen(!open)}
          >
            {open ? <IconUp size={14} aria-hidden /> : <IconDown size={14} aria-hidden />}
          </UnstyledButton>
        </div>
      )}
      <div className={classes.small}>
        <StateChip state={stack.state} />
        <Text size="xs" c="dimmed" component="span" style={{ overflowWrap: 'anywhere' }}>
          {[where, stack.branch].filter(Boolean).join(' · ')}
        </Text>
      </div>
    </>
  );
}

function Source({ stack }: { stack: Stack }) {
  const whole = [stack.namespace, stack.repository].filter(Boolean).join('/');
  if (!whole && !stack.branch) return null;
  return (
    <>
      <Text size="sm" truncate title={stack.projectRoot ? `${whole}, in ${stack.projectRoot}` : whole}>{stack.repository ?? whole}</Text>
      {stack.branch && (
        <Text size="xs" c="dimmed" className={classes.branch} title={stack.branch}>
          <IconBranch size={13} stroke={1.7} aria-hidden />
          <span className={classes.cut}>{stack.branch}</span>
        </Text>
      )}
    </>
  );
}

const shownLabels = 2;

function Labels({ labels }: { labels: string[] }) {
  return (
    <div className={classes.labelList}>
      {labels.slice(0, shownLabels).map((label) => (
        <Link key={label} to="/spacelift" search={{ label }} className={classes.label} title={label}>{label}</Link>
      ))}
      {labels.length > shownLabels && (
        <Text size="xs" c="dimmed" title={labels.slice(shownLabels).join(', ')}>+{labels.length - shownLabels}</Text>
      )}
    </div>
  );
}

/** What stands in the place of the table while its first page is on its way. */
export function LoadingRows() {
  return (
    <div className={classes.loading} aria-busy="true" aria-label="Stacks are being loaded">
      {Array.from({ length: 12 }, (_, i) => (
        <Group key={i} gap="xl" wrap="nowrap" className={classes.loadingRow}>
          <div style={{ flex: 2 }}>
            <Skeleton h={13} w={`${35 + ((i * 13) % 30)}%`} mb={8} />
            <Skeleton h={10} w={`${55 + ((i * 17) % 30)}%`} />
          </div>
          <Skeleton h={22} w={92} radius="xl" />
          <Skeleton h={12} flex={1} visibleFrom="sm" />
          <Skeleton h={12} flex={1} visibleFrom="md" />
        </Group>
      ))}
    </div>
  );
}
