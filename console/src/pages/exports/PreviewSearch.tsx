import { Autocomplete, Button } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useEffect, useState } from 'react';
import IconSearch from '@tabler/icons-react/dist/esm/icons/IconSearch.mjs';
import { emptySelection, entitiesQuery } from '../../api/catalog';
import { formatRef, parseRef, refOf } from '../../api/entity';
import classes from './PreviewSearch.module.css';

const offered = 8;

/** Finds the entity whose document is to be seen: by a word of it, or by its reference as it is. */
export function PreviewSearch({ value = '' }: { value?: string }) {
  const navigate = useNavigate();
  const [text, setText] = useState(value);
  const [wrong, setWrong] = useState(false);
  useEffect(() => setText(value), [value]);
  const [term] = useDebouncedValue(text.trim(), 200);
  const found = useQuery({
    ...entitiesQuery({ selection: emptySelection, search: nameOf(term), sort: { field: 'name', descending: false } }),
    enabled: term.length > 1 && term !== value,
  });
  const options = term.length > 1 ? (found.data?.items ?? []).map((e) => formatRef(refOf(e))) : [];

  const show = (ref: string) => {
    const parsed = parseRef(ref);
    setWrong(!parsed);
    if (parsed) void navigate({ to: '/exports/preview', search: (old) => ({ ...old, entity: formatRef(parsed) }) });
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    show(text);
  };
  return (
    <form onSubmit={submit}>
      <Autocomplete
        label="Entity"
        labelProps={{ mb: 4 }}
        placeholder="component:default/checkout"
        autoCapitalize="none"
        spellCheck={false}
        value={text}
        onChange={(next) => {
          setText(next);
          setWrong(false);
        }}
        onOptionSubmit={show}
        data={[...new Set(options)]}
        filter={({ options: all }) => all}
        limit={offered}
        error={wrong && 'Write it as kind:namespace/name, or choose one of those offered'}
        leftSection={<IconSearch size={16} stroke={1.7} aria-hidden />}
        maxDropdownHeight={300}
        inputContainer={(input) => (
          <div className={classes.row}>
            {input}
            <Button type="submit" variant="default">Preview</Button>
          </div>
        )}
      />
    </form>
  );
}

/** What to look for while somebody writes a reference: its name. */
function nameOf(term: string): string {
  return term.slice(Math.max(term.lastIndexOf('/'), term.lastIndexOf(':')) + 1);
}
