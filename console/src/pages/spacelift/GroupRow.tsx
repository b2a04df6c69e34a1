import { Tooltip, UnstyledButton } from '@mantine/core';
import type { StackFilters, StateGroup } from '../../api/spacelift';
import classes from './Filters.module.css';
import { toggled } from './search';
import { groupNames, groups } from './states';

interface Props {
  filters: StackFilters;
  counts: { value: string; count: number }[] | undefined;
  onChange: (next: StackFilters) => void;
}

/** How the account is doing in one line; a click shows those stacks. */
export function GroupRow({ filters, counts, onChange }: Props) {
  const countOf = (name: StateGroup) => counts?.find((c) => c.value === name)?.count ?? 0;
  const total = counts?.reduce((sum, c) => sum + c.count, 0);
  const none = filters.group.length === 0 && filters.state.length === 0;
  return (
    <ul className={classes.groups} aria-label="Groups of states">
      <li>
        <UnstyledButton className={classes.group} aria-pressed={none} onClick={() => onChange({ ...filters, group: [], state: [] })}>
          All {total !== undefined && <span className={classes.count}>{total.toLocaleString('en')}</span>}
        </UnstyledButton>
      </li>
      {groupNames.map((name) => {
        const look = groups[name];
        const n = countOf(name);
        const on = filters.group.includes(name);
        return (
          <li key={name}>
            <Tooltip label={look.hint}>
              <UnstyledButton className={classes.group} data-tone={look.tone} data-none={(n === 0 && !on) || undefined} aria-pressed={on} onClick={() => onChange(toggled(filters, 'group', name))}>
                <span className={classes.dot} aria-hidden />
                {look.label}
                {counts && <span className={classes.count}>{n.toLocaleString('en')}</span>}
              </UnstyledButton>
            </Tooltip>
          </li>
        );
      })}
    </ul>
  );
}
