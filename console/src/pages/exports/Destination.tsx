// What is known of the place that is written to.
import { Code, Group, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { ExportStatus } from '../../api/export';
import { toYaml } from '../../api/yaml';
import { Path } from '../../ui/Path';
import { Status, type Tone } from '../../ui/Status';
import { Time } from '../../ui/Time';
import classes from './Destination.module.css';
import { cronText } from './schedule';
import { bytesText, number } from './words';

const tokens: Record<ExportStatus['token']['state'], { tone: Tone; label: string }> = {
  untested: { tone: 'idle', label: 'Not tried yet' },
  accepted: { tone: 'ok', label: 'Accepted' },
  refused: { tone: 'bad', label: 'Refused' },
  not_entitled: { tone: 'bad', label: 'Not in the plan' },
};

const modes: Record<string, string> = {
  auto: 'found out at the first run',
  tasks: 'bulk tasks',
  bulk: 'bulk requests',
};

export function Destination({ status }: { status: ExportStatus }) {
  const { schedule, limits, token } = status;
  const look = tokens[token.state] ?? { tone: 'idle' as const, label: token.state };
  const facts: [string, ReactNode][] = [
    ['Address', <span key="target" className={classes.mono}><Path value={status.target} /></span>],
    ['Token', (
      <div key="token">
        <Group gap={8}>
          <Status tone={look.tone}>{look.label}</Status>
          {token.checkedAt && <Text span size="sm" c="dimmed"><Time value={token.checkedAt} /></Text>}
        </Group>
        {token.message && token.message !== status.last?.error && <Text size="sm" c="dimmed">{token.message}</Text>}
      </div>
    )],
    ['Written by', status.mode ? (modes[status.mode] ?? status.mode) : modes.auto],
    ['Schedule', schedule.enabled ? <Schedule key="schedule" schedule={schedule} /> : 'off'],
    ['Compression', status.gzip ? 'gzip' : 'none'],
    ['At a time', limits?.maxEntities && limits.maxBytes ? <Chunk key="chunk" limits={limits} /> : undefined],
    ['Pace', limits?.ratePerMinute ? `${number(limits.ratePerMinute)} requests a minute, ${limits.concurrency ?? 1} at once` : undefined],
    ['Filters', <Filters key="filters" value={status.filters} />],
  ];
  return (
    <dl className={classes.facts}>
      {facts.filter(([, value]) => value !== undefined).map(([name, value]) => (
        <div key={name} className={classes.fact}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Schedule({ schedule }: { schedule: ExportStatus['schedule'] }) {
  const words = schedule.cron ? cronText(schedule.cron) : '';
  return (
    <>
      {words} {schedule.timezone && <Text span size="sm" c="dimmed">({schedule.timezone})</Text>}
      {schedule.cron && words !== schedule.cron && <Text size="sm" c="dimmed" ff="monospace">{schedule.cron}</Text>}
      {schedule.next && <Text size="sm" c="dimmed" component="div">next <Time value={schedule.next} /></Text>}
    </>
  );
}

function Chunk({ limits }: { limits: NonNullable<ExportStatus['limits']> }) {
  const { maxEntities = 0, maxBytes = 0, learnedBytes } = limits;
  return (
    <>
      up to {number(maxEntities)} entities or {bytesText(maxBytes)}
      {learnedBytes !== undefined && learnedBytes > 0 && (
        <Text size="sm" c="dimmed">{bytesText(learnedBytes)}, as larger ones were refused</Text>
      )}
    </>
  );
}

function Filters({ value }: { value: unknown }) {
  if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) return <>none: everything is exported</>;
  return <Code block className={classes.filters} tabIndex={0} role="region" aria-label="Filters">{toYaml(value).trim()}</Code>;
}
