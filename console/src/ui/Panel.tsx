import { Group, Paper, Title } from '@mantine/core';
import { type ReactNode, useId } from 'react';

interface Props {
  title: string;
  right?: ReactNode;
  children: ReactNode;
}

/** One subject on a page. */
export function Panel({ title, right, children }: Props) {
  const id = useId();
  return (
    <Paper component="section" aria-labelledby={id} p="lg">
      <Group justify="space-between" mb="md" wrap="nowrap">
        <Title order={2} id={id}>
          {title}
        </Title>
        {right}
      </Group>
      {children}
    </Paper>
  );
}
