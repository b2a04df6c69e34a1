// The frame of all pages: navigation on the curtain to the left (on a phone behind a button), search on top.
import { AppShell, Burger, Group } from '@mantine/core';
import { useDisclosure, useHotkeys } from '@mantine/hooks';
import { useLocation } from '@tanstack/react-router';
import { type ReactNode, useEffect, useRef } from 'react';
import type { Bootstrap } from '../api/system';
import { useLiveCatalog } from './live';
import { usePrintInLight } from './print';
import { Navigation } from './Navigation';
import { SearchBox } from './SearchBox';
import classes from './Shell.module.css';
import { UserMenu } from './UserMenu';

export function Shell({ bootstrap, children }: { bootstrap: Bootstrap; children: ReactNode }) {
  const [open, { toggle, close }] = useDisclosure(false);
  const path = useLocation({ select: (l) => l.pathname });
  const joined = bootstrap.elsewhere?.catalog;
  const live = useLiveCatalog(joined === undefined);
  const search = useRef<HTMLInputElement>(null);
  useHotkeys([
    ['/', () => search.current?.focus()],
    ['Escape', close],
  ]);
  useFocusOnNavigation(path);
  usePrintInLight();
  useEffect(close, [path, close]);

  return (
    <>
      <a className={classes.skip} href="#content" onClick={focusContent}>
        Skip to the content
      </a>
      <AppShell
        layout="alt"
        header={{ height: 60 }}
        navbar={{ width: 228, breakpoint: 'sm', collapsed: { mobile: !open } }}
        padding={0}
      >
        <AppShell.Header className={classes.header}>
          <Group h="100%" px={{ base: 'sm', sm: 'xl' }} gap="sm" wrap="nowrap">
            <Burger
              opened={open}
              onClick={toggle}
              hiddenFrom="sm"
              size="sm"
              aria-label={open ? 'Close the navigation' : 'Open the navigation'}
              aria-expanded={open}
            />
            <SearchBox inputRef={search} />
            <UserMenu />
          </Group>
        </AppShell.Header>
        <AppShell.Navbar className={classes.navbar}>
          <Navigation bootstrap={bootstrap} live={live} onClose={close} />
        </AppShell.Navbar>
        <AppShell.Main className={classes.main}>
          <div id="content" tabIndex={-1} className={classes.content}>
            {children}
          </div>
        </AppShell.Main>
      </AppShell>
    </>
  );
}

function focusContent(event: React.MouseEvent) {
  event.preventDefault();
  document.getElementById('content')?.focus();
}

/** A new page takes the focus, as a loaded document would: a reader hears it, and Tab goes on from its start. */
function useFocusOnNavigation(path: string) {
  const before = useRef(path);
  useEffect(() => {
    if (before.current === path) return;
    before.current = path;
    if (document.activeElement instanceof HTMLInputElement) return;
    document.getElementById('content')?.focus({ preventScroll: true });
  }, [path]);
}
