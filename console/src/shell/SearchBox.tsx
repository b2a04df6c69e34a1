// One search box for all pages: on the catalog it filters while one types, elsewhere Enter leads to the catalog.
import { CloseButton, Kbd, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useLocation, useNavigate, useSearch } from '@tanstack/react-router';
import { type FormEvent, type RefObject, useEffect, useState } from 'react';
import IconSearch from '@tabler/icons-react/dist/esm/icons/IconSearch.mjs';

export function SearchBox({ inputRef }: { inputRef: RefObject<HTMLInputElement | null> }) {
  const navigate = useNavigate();
  const onCatalog = useLocation({ select: (l) => l.pathname === '/catalog' });
  // Other pages have a search of their own, whose words are not for the catalog.
  const inAddress = useSearch({ strict: false, select: (s) => (onCatalog && (s as { q?: string }).q) || '' });
  const [text, setText] = useState(inAddress);

  const search = (term: string, replace: boolean) => {
    const q = term.trim() || undefined;
    void navigate({
      to: '/catalog',
      search: (old) => ({ ...(onCatalog ? old : {}), q, cursor: undefined, page: undefined }),
      replace,
    });
  };
  const searchSoon = useDebouncedCallback((term: string) => search(term, true), 250);

  // The address may change without this box: the back button, a link, "clear the filters".
  useEffect(() => {
    setText((now) => (now.trim() === inAddress ? now : inAddress));
  }, [inAddress]);

  const change = (term: string) => {
    setText(term);
    if (onCatalog) searchSoon(term);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    searchSoon.cancel?.();
    search(text, onCatalog);
  };

  return (
    <form role="search" onSubmit={submit} style={{ flex: 1, maxWidth: '34rem' }}>
      <TextInput
        ref={inputRef}
        type="text"
        inputMode="search"
        enterKeyHint="search"
        aria-label="Search the catalog"
        aria-keyshortcuts="/"
        placeholder="Search the catalog"
        radius="xl"
        value={text}
        onChange={(e) => change(e.currentTarget.value)}
        onKeyDown={(e) => e.key === 'Escape' && e.currentTarget.blur()}
        leftSection={<IconSearch size={17} stroke={1.7} aria-hidden />}
        rightSection={
          text ? (
            <CloseButton size="sm" radius="xl" aria-label="Clear the search" onClick={() => change('')} />
          ) : (
            <Kbd size="xs" aria-hidden visibleFrom="sm">/</Kbd>
          )
        }
      />
    </form>
  );
}
