import { CloseButton, Group, Stack, Text, Tooltip } from '@mantine/core';
import { Link, useLocation } from '@tanstack/react-router';
import { hostOf } from '../api/addresses';
import type { LiveState } from '../api/events';
import type { Bootstrap } from '../api/system';
import { Brand } from '../ui/Brand';
import classes from './Navigation.module.css';
import { isActive, navigation } from './nav';

const liveText: Record<LiveState, { label: string; hint: string }> = {
  live: { label: 'Live', hint: 'Pages update by themselves when the catalog changes' },
  waiting: { label: 'Reconnecting', hint: 'Pages update when the connection is back' },
  off: { label: 'Connecting', hint: 'The connection for live updates is being opened' },
};

export function Navigation({ bootstrap, live, onClose }: { bootstrap: Bootstrap; live: LiveState; onClose: () => void }) {
  const path = useLocation({ select: (l) => l.pathname });
  const joined = bootstrap.elsewhere?.catalog;
  const state = joined ? { label: 'Joined', hint: `The catalog is that of ${hostOf(joined)}. Pages ask it when they are opened.` } : liveText[live];
  const entries = navigation.filter((e) => !e.plugin || bootstrap.plugins.includes(e.plugin));
  return (
    <div className={classes.root}>
      <Group justify="space-between" wrap="nowrap" className={classes.top}>
        <Link to="/" className={classes.brand}>
          <Brand size={30} />
          <span className={classes.title}>{bootstrap.title}</span>
        </Link>
        <CloseButton hiddenFrom="sm" className={classes.close} aria-label="Close the navigation" onClick={onClose} />
      </Group>
      <nav aria-label="Pages">
        <Stack component="ul" gap={2} className={classes.list}>
          {entries.map((entry) => (
            <li key={entry.label}>
              <Link
                to={entry.to}
                params={entry.params as never}
                className={classes.entry}
                data-active={isActive(entry, path) || undefined}
                aria-current={isActive(entry, path) ? 'page' : undefined}
                activeProps={{}}
                onClick={onClose}
              >
                <entry.icon size={19} stroke={1.6} aria-hidden />
                {entry.label}
              </Link>
            </li>
          ))}
        </Stack>
      </nav>
      <div className={classes.foot}>
        {bootstrap.demo && (
          <Text size="xs" className={classes.demo}>
            Demo: anyone who reaches this server is signed in, and the data is made up.
          </Text>
        )}
        <Group justify="space-between" wrap="nowrap">
          <Tooltip label={state.hint} multiline maw={260}>
            <span className={classes.live} data-state={joined ? 'joined' : live} role="status">
              <span className={classes.dot} aria-hidden />
              {state.label}
            </span>
          </Tooltip>
          <Text size="xs" className={classes.version} title={`Understudy ${bootstrap.version}`}>
            {bootstrap.version}
          </Text>
        </Group>
      </div>
    </div>
  );
}
