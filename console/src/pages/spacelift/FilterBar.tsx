import { Button, CloseButton, Drawer, Group, Popover, Text, TextInput, UnstyledButton } from '@mantine/core';
import { useDebouncedCallback, useDisclosure } from '@mantine/hooks';
import { type ReactNode, useEffect, useState } from 'react';
import IconDown from '@tabler/icons-react/dist/esm/icons/IconChevronDown.mjs';
import IconFilter from '@tabler/icons-react/dist/esm/icons/IconFilter.mjs';
import IconSearch from '@tabler/icons-react/dist/esm/icons/IconSearch.mjs';
import IconX from '@tabler/icons-react/dist/esm/icons/IconX.mjs';
import type { StackFilters, StackPage } from '../../api/spacelift';
import { LabelChoice, SpaceChoice, StateChoice } from './choices';
import classes from './Filters.module.css';
import { countChosen, emptyFilters, type FilterName, filterNames, toggled } from './search';
import { placeOf } from './spaces';
import { stateText } from './states';

interface Props {
  filters: StackFilters;
  /** The first page: it tells what there is to choose from. */
  page: StackPage | undefined;
  onChange: (next: StackFilters, replace?: boolean) => void;
}

/** Search and filters above the list; on a phone the filters are in a drawer. */
export function FilterBar({ filters, page, onChange }: Props) {
  const [open, drawer] = useDisclosure(false);
  const chosen = countChosen(filters);
  const choose = (name: FilterName) => (value: string) => onChange(toggled(filters, name, value));
  const choices: { name: FilterName; title: string; body: ReactNode }[] = [
    { name: 'state', title: 'State', body: <StateChoice chosen={filters.state} onToggle={choose('state')} /> },
    { name: 'space', title: 'Space', body: <SpaceChoice spaces={page?.spaces ?? []} chosen={filters.space} onToggle={choose('space')} /> },
    { name: 'label', title: 'Label', body: <LabelChoice labels={page?.labels ?? []} chosen={filters.label} onToggle={choose('label')} /> },
  ];
  return (
    <div className={classes.bar}>
      <Group gap="xs" wrap="nowrap">
        <Find q={filters.q} onChange={(q) => onChange({ ...filters, q }, true)} />
        {choices.map(({ name, title, body }) => (
          <Popover key={name} position="bottom-start" trapFocus shadow="md" width={300}>
            <Popover.Target>
              <Button visibleFrom="sm" variant="default" rightSection={<IconDown size={15} aria-hidden />} style={{ flex: 'none' }}>
                {filters[name].length > 0 ? `${title} (${filters[name].length})` : title}
              </Button>
            </Popover.Target>
            <Popover.Dropdown aria-label={title}>{body}</Popover.Dropdown>
          </Popover>
        ))}
        <Button hiddenFrom="sm" variant="default" style={{ flex: 'none' }} leftSection={<IconFilter size={17} aria-hidden />} onClick={drawer.open}>
          {chosen > 0 ? `Filters (${chosen})` : 'Filters'}
        </Button>
      </Group>
      <Chosen filters={filters} page={page} onChange={onChange} />
      <Drawer opened={open} onClose={drawer.close} title="Filters" position="right" size="sm" classNames={{ header: classes.drawerHead }} closeButtonProps={{ 'aria-label': 'Close the filters' }}>
        {choices.map(({ name, title, body }) => (
          <fieldset key={name} className={classes.facet}>
            <legend className={classes.facetTitle}>{title}</legend>
            {body}
          </fieldset>
        ))}
        <Group mt="lg" grow>
          <Button variant="default" onClick={() => onChange({ ...emptyFilters, q: filters.q, group: filters.group })}>Clear</Button>
          <Button onClick={drawer.close}>Show</Button>
        </Group>
      </Drawer>
    </div>
  );
}

/** Filters while one types. */
function Find({ q, onChange }: { q: string; onChange: (q: string) => void }) {
  const [text, setText] = useState(q);
  const soon = useDebouncedCallback(onChange, 250);
  // The address may change without this box: the back button, a link, "clear".
  useEffect(() => {
    setText((now) => (now.trim() === q ? now : q));
  }, [q]);
  const change = (next: string) => {
    setText(next);
    soon(next);
  };
  return (
    <TextInput
      className={classes.find}
      type="text"
      inputMode="search"
      aria-label="Find stacks"
      placeholder="Find by name, label, branch, repository, space"
      maxLength={200}
      value={text}
      onChange={(e) => change(e.currentTarget.value)}
      leftSection={<IconSearch size={17} stroke={1.7} aria-hidden />}
      rightSection={text ? <CloseButton size="sm" aria-label="Clear the search for stacks" onClick={() => change('')} /> : null}
    />
  );
}

/** What is chosen, to be taken away again. */
function Chosen({ filters, page, onChange }: Props) {
  const all = filterNames.filter((n) => n !== 'group').flatMap((name) => filters[name].map((value) => ({ name, value })));
  if (all.length === 0) return null;
  const words = (name: FilterName, value: string) => {
    if (name === 'state') return stateText(value);
    if (name === 'space') return placeOf(page?.spaces ?? [], value) || value;
    return value;
  };
  return (
    <Group gap={6} mt="xs" component="ul" className={classes.chosen} aria-label="Filters that are on">
      {all.map(({ name, value }) => (
        <li key={`${name} ${value}`}>
          <UnstyledButton className={classes.pill} aria-label={`Take away ${name} ${words(name, value)}`} onClick={() => onChange(toggled(filters, name, value))}>
            <Text span size="xs" className={classes.pillKind}>{name}</Text>
            {words(name, value)}
            <IconX size={13} stroke={2} aria-hidden />
          </UnstyledButton>
        </li>
      ))}
      <li>
        <UnstyledButton className={classes.clear} onClick={() => onChange(emptyFilters)}>Clear all</UnstyledButton>
      </li>
    </Group>
  );
}
