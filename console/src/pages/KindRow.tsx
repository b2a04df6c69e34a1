import { UnstyledButton } from '@mantine/core';
import type { FacetCount, Selection } from '../api/catalog';
import { compareKinds, kindLook } from '../theme/kinds';
import { KindIcon } from '../ui/KindIcon';
import classes from './Catalog.module.css';

interface Props {
  selection: Selection;
  counts: FacetCount[] | undefined;
  /** Counts know nothing of a search term, and are not shown beside one. */
  counted: boolean;
  onChange: (next: Selection) => void;
}

/** The kinds to choose from, in a row of their own because most people begin with one. */
export function KindRow({ selection, counts, counted, onChange }: Props) {
  const chosen = selection.kind.map((k) => k.toLowerCase());
  const kinds = [...(counts ?? [])].sort((a, b) => compareKinds(a.value, b.value));
  for (const kind of chosen) {
    if (!kinds.some((k) => k.value.toLowerCase() === kind)) kinds.push({ value: kind, count: 0 });
  }
  const total = kinds.reduce((sum, k) => sum + k.count, 0);
  const toggle = (kind: string) => {
    const on = chosen.includes(kind);
    // Another kind has other types: keeping those chosen would mostly show nothing.
    onChange({ ...selection, kind: on ? [] : [kind], type: [] });
  };
  return (
    <ul className={classes.kinds} aria-label="Kinds">
      <li>
        <UnstyledButton className={classes.kind} aria-pressed={chosen.length === 0} onClick={() => onChange({ ...selection, kind: [], type: [] })}>
          All {counted && counts && <span className={classes.kindCount}>{total.toLocaleString('en')}</span>}
        </UnstyledButton>
      </li>
      {kinds.map(({ value, count }) => {
        const kind = value.toLowerCase();
        return (
          <li key={kind}>
            <UnstyledButton className={classes.kind} aria-pressed={chosen.includes(kind)} onClick={() => toggle(kind)}>
              <KindIcon kind={kind} size={16} />
              {kindLook(value).plural}
              {counted && <span className={classes.kindCount}>{count.toLocaleString('en')}</span>}
            </UnstyledButton>
          </li>
        );
      })}
    </ul>
  );
}
