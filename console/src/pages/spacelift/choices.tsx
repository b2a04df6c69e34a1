// What can be chosen of each filter.
import { Checkbox, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { Space } from '../../api/spacelift';
import classes from './Filters.module.css';
import { coveredBy, findSpaces, spaceTree } from './spaces';
import { groupNames, groups, stateText } from './states';
import { StateChip } from './StateChip';

interface Choice {
  chosen: string[];
  onToggle: (value: string) => void;
}

const inLine = { body: { alignItems: 'center' } };

export function StateChoice({ chosen, onToggle }: Choice) {
  const known = groupNames.flatMap((name) => groups[name].states);
  const states = [...known, ...chosen.filter((s) => !known.includes(s))];
  return (
    <div className={classes.options}>
      {states.map((state) => (
        <Checkbox key={state} size="xs" styles={inLine} checked={chosen.includes(state)} onChange={() => onToggle(state)} aria-label={stateText(state)} label={<StateChip state={state} still />} />
      ))}
    </div>
  );
}

/** More values than this are found by typing. */
const manyValues = 8;

export function SpaceChoice({ spaces, chosen, onToggle }: Choice & { spaces: Space[] }) {
  const [find, setFind] = useState('');
  const roots = spaceTree(spaces);
  const covered = coveredBy(roots, chosen);
  const nodes = findSpaces(roots, find);
  return (
    <>
      {spaces.length > manyValues && (
        <TextInput size="xs" mb={8} placeholder={`Find in ${spaces.length}`} aria-label="Find a space" value={find} onChange={(e) => setFind(e.currentTarget.value)} />
      )}
      <div className={classes.options}>
        {nodes.map(({ space, depth }) => (
          <Checkbox
            key={space.id}
            size="xs"
            styles={inLine}
            style={{ marginLeft: `${Math.min(depth, 6) * 1.1}rem` }}
            checked={chosen.includes(space.id) || covered.has(space.id)}
            disabled={covered.has(space.id) && !chosen.includes(space.id)}
            onChange={() => onToggle(space.id)}
            label={space.name}
          />
        ))}
      </div>
      <Text size="xs" c="dimmed" mt={8}>{nodes.length === 0 ? 'No space has that in its name.' : 'A space includes those below it.'}</Text>
    </>
  );
}

export function LabelChoice({ labels, chosen, onToggle }: Choice & { labels: { value: string; count: number }[] }) {
  const [find, setFind] = useState('');
  const term = find.trim();
  const known = new Map(labels.map((l) => [l.value, l.count]));
  const options = [...new Set([...chosen, ...known.keys()])].filter((value) => value.toLowerCase().includes(term.toLowerCase())).slice(0, 100);
  return (
    <>
      <TextInput size="xs" mb={8} placeholder="Find a label" aria-label="Find a label" value={find} onChange={(e) => setFind(e.currentTarget.value)} />
      <div className={classes.options}>
        {options.map((value) => (
          <Checkbox
            key={value}
            size="xs"
            checked={chosen.includes(value)}
            onChange={() => onToggle(value)}
            styles={{ labelWrapper: { flex: 1, minWidth: 0 } }}
            label={
              <span className={classes.option}>
                <span className={classes.optionName}>{value}</span>
                {known.has(value) && <span className={classes.count}>{known.get(value)!.toLocaleString('en')}</span>}
              </span>
            }
          />
        ))}
        {/* Only the most used labels are listed: any other can be named. */}
        {term !== '' && !known.has(term) && !chosen.includes(term) && (
          <Checkbox size="xs" checked={false} onChange={() => { onToggle(term); setFind(''); }} label={`Exactly “${term}”`} />
        )}
      </div>
      <Text size="xs" c="dimmed" mt={8}>Stacks with all of the labels chosen.</Text>
    </>
  );
}
