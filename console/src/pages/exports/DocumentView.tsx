// A document as it goes to the destination, in colours; keys that were not sent before are marked.
import { Group, Paper, SegmentedControl, Text } from '@mantine/core';
import { useMemo } from 'react';
import { CopyIcon } from '../../ui/CopyIcon';
import { belongsTo, documentLines, sourceOf } from './documentLines';
import classes from './DocumentView.module.css';
import type { Format } from './search';
import { count } from './words';

interface Props {
  document: Record<string, unknown>;
  added: string[];
  format: Format;
  onFormat: (format: Format) => void;
}

export function DocumentView({ document, added, format, onFormat }: Props) {
  const source = useMemo(() => sourceOf(document, format), [document, format]);
  const lines = useMemo(() => documentLines(source, format), [source, format]);
  return (
    <Paper p={0} className={classes.paper}>
      <Group justify="space-between" px="md" py={8} className={classes.head} wrap="nowrap">
        <SegmentedControl
          size="xs"
          aria-label="Format"
          value={format}
          onChange={(value) => onFormat(value as Format)}
          data={[{ value: 'yaml', label: 'YAML' }, { value: 'json', label: 'JSON' }]}
        />
        <Group gap="xs" wrap="nowrap">
          <Text size="sm" c="dimmed">{count(lines.length, 'line', 'lines')}</Text>
          <CopyIcon value={source} label="Copy" />
        </Group>
      </Group>
      <pre className={classes.source} tabIndex={0} role="region" aria-label={`Document as ${format === 'json' ? 'JSON' : 'YAML'}`}>
        {lines.map((line, i) => (
          <span key={i} className={classes.line} data-added={belongsTo(line.path, added) || undefined}>
            {line.key === undefined ? (
              <Value text={line.lead} />
            ) : (
              <>
                {line.lead}
                <span className={classes.key}>{line.key}</span>:{line.value && <Value text={line.value} />}
              </>
            )}
            {'\n'}
          </span>
        ))}
      </pre>
    </Paper>
  );
}

function Value({ text }: { text: string }) {
  if (/^\s*[{}[\]]*,?$/.test(text)) return <>{text}</>;
  const other = /^\s*(?:- )*\s*(?:true|false|null|-?\d[\d.e+-]*|[|>][+-]?|\[\]|\{\}),?$/.test(text);
  return <span className={other ? classes.other : classes.string}>{text}</span>;
}
