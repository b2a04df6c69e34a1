import { Stack, Text } from '@mantine/core';
import type { Icon } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import classes from './EmptyState.module.css';

interface Props {
  icon: Icon;
  title: string;
  children?: ReactNode;
  /** What to do about it. */
  action?: ReactNode;
}

/** Says that there is nothing, why, and what to do. */
export function EmptyState({ icon: Icon, title, children, action }: Props) {
  return (
    <Stack align="center" gap="xs" py={44} px="md" ta="center">
      <span className={classes.spot}>
        <Icon size={30} stroke={1.4} aria-hidden />
      </span>
      <Text component="p" className={classes.title}>
        {title}
      </Text>
      {children && (
        <Text component="div" size="sm" c="dimmed" maw="34rem">
          {children}
        </Text>
      )}
      {action}
    </Stack>
  );
}
