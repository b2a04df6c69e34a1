import { Checkbox, Skeleton, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { FacetCount, FacetName, Selection } from '../api/catalog';
import { parseRef, shortRef } from '../api/entity';
import classes from './Catalog.module.css';

type Facets = Partial<Record<FacetName, FacetCount[]>>;

interface Props {
  selection: Selection;
  facets: Facets | undefined;
  counted: boolean;
  error: unknown;
  onChange: (next: Selection) => void;
}

const shown: { name: FacetName; title: string }[] = [
  { name: 'type', title: 'Type' },
  { name: 'lifecycle', title: 'Lifecycle' },
  { name: 'owner', title: 'Owner' },
  { name: 'tag', title: 'Tag' },
  { name: 'namespace', title: 'Namespace' },
];

/** The filters beside the list. */
export function Filters({ selection, facets, counted, error, onChange }: Props) {
  if (!facets) {
    if (error) return <Text size="sm" c="dimmed">The filters cannot be loaded right now.</Text>;
    return (
      <Stack gap="sm" aria-busy="true">
        {Array.from({ length: 9 }, (_, i) => <Skeleton key={i} h={14} w={`${85 - ((i * 23) % 40)}%`} />)}
      </Stack>
    );
  }
  return (
    <>
      {shown.map(({ name, title }) => (
        <Facet
          key={name}
          name={name}
          title={title}
          counts={facets[name] ?? []}
          chosen={selection[name]}
          counted={counted}
          onChange={(values) => onChange({ ...selection, [name]: values })}
        />
      ))}
      <Checkbox
        size="xs"
        label="Orphans only"
        checked={selection.orphan}
        onChange={(e) => onChange({ ...selection, orphan: e.currentTarget.checked })}
      />
    </>
  );
}

/** More values than this are found by typing. */
const manyValues = 12;

interface FacetProps {
  name: FacetName;
  title: string;
  counts: FacetCount[];
  chosen: string[];
  counted: boolean;
  onChange: (values: string[]) => void;
}

function Facet({ name, title, counts, chosen, counted, onChange }: FacetProps) {
  const [find, setFind] = useState('');
  const lower = chosen.map((v) => v.toLowerCase());
  const options = optionsOf(counts, lower);
  if (options.length === 0 || (options.length === 1 && chosen.length === 0)) return null;
  const visible = options.filter((o) => labelOf(name, o.value).toLowerCase().includes(find.toLowerCase()));
  return (
    <fieldset className={classes.facet}>
      <legend className={classes.facetTitle}>{title}</legend>
      {options.length > manyValues && (
        <TextInput size="xs" mb={8} placeholder={`Find in ${options.length}`} aria-label={`Find a value of ${title}`} value={find} onChange={(e) => setFind(e.currentTarget.value)} />
      )}
      <div className={classes.options}>
        {visible.slice(0, 100).map(({ value, count }) => {
          const key = value.toLowerCase();
          return (
            <Checkbox
              key={key}
              size="xs"
              checked={lower.includes(key)}
              onChange={(e) => onChange(e.currentTarget.checked ? [...chosen, key] : chosen.filter((v) => v.toLowerCase() !== key))}
              styles={{ labelWrapper: { flex: 1 }, body: { alignItems: 'flex-start' } }}
              label={
                <span className={classes.option}>
                  <span className={classes.optionName}>{labelOf(name, value)}</span>
                  {counted && <span className={classes.optionCount}>{count.toLocaleString('en')}</span>}
                </span>
              }
            />
          );
        })}
      </div>
    </fieldset>
  );
}

/** The values with those chosen first, also when nothing has them any more. */
function optionsOf(counts: FacetCount[], chosen: string[]): FacetCount[] {
  const known = new Map(counts.map((c) => [c.value.toLowerCase(), c]));
  const first = chosen.map((value) => known.get(value) ?? { value, count: 0 });
  return [...first, ...counts.filter((c) => !chosen.includes(c.value.toLowerCase()))];
}

function labelOf(name: FacetName, value: string): string {
  const ref = name === 'owner' ? parseRef(value) : undefined;
  return ref ? shortRef(ref, { kind: 'group' }) : value;
}
