import { Group, Paper, Text } from '@mantine/core';
import { useMemo } from 'react';
import type { Entity } from '../api/entity';
import { toYaml } from '../api/yaml';
import { CopyIcon } from '../ui/CopyIcon';
import classes from './EntitySource.module.css';

interface Props {
  label: string;
  entity?: Entity;
  text?: string;
}

/** More lines than this are shown without colours: a page with a span for each word of them would be slow. */
const coloured = 4000;

/** A text as it is, to read and to copy. */
export default function Source({ label, entity, text }: Props) {
  const source = useMemo(() => (entity ? toYaml(entity) : (text ?? '')), [entity, text]);
  const lines = useMemo(() => source.replace(/\n$/, '').split('\n'), [source]);
  return (
    <Paper p={0} className={classes.paper}>
      <Group justify="space-between" px="md" py={6} className={classes.head}>
        <Text size="sm" c="dimmed">
          {lines.length.toLocaleString('en')} {lines.length === 1 ? 'line' : 'lines'}
        </Text>
        <CopyIcon value={source} label="Copy" />
      </Group>
      <pre className={classes.source} tabIndex={0} aria-label={label} role="region">
        {entity && lines.length <= coloured ? lines.map((line, i) => <Line key={i} line={line} />) : source}
      </pre>
    </Paper>
  );
}

function Line({ line }: { line: string }) {
  const match = /^(\s*(?:- )*)("(?:[^"\\]|\\.)*"|[^\s:"#][^:]*?)(:)( .*)?$/.exec(line);
  if (!match) return <>{value(line)}{'\n'}</>;
  return (
    <>
      {match[1]}
      <span className={classes.key}>{match[2]}</span>
      {match[3]}
      {match[4] && value(match[4])}
      {'\n'}
    </>
  );
}

function value(text: string) {
  if (/^\s*(?:- )*\s*(?:true|false|null|-?\d[\d.e+-]*|[|>][+-]?|\[\]|\{\})$/.test(text)) return <span className={classes.other}>{text}</span>;
  return <span className={classes.string}>{text}</span>;
}
