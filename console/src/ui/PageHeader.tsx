import { Group, Text, Title } from '@mantine/core';
import { type ReactNode, useEffect } from 'react';

interface Props {
  title: string;
  /** A line under the title. */
  children?: ReactNode;
  right?: ReactNode;
}

/** The head of a page; it names the document too. */
export function PageHeader({ title, children, right }: Props) {
  useDocumentTitle(title);
  return (
    <Group justify="space-between" align="flex-end" mb="lg" gap="sm">
      <div>
        <Title order={1}>{title}</Title>
        {children && (
          <Text component="div" c="dimmed" size="sm" mt={4}>
            {children}
          </Text>
        )}
      </div>
      {right}
    </Group>
  );
}

export function useDocumentTitle(title: string) {
  useEffect(() => {
    document.title = title ? `${title} · Understudy` : 'Understudy';
  }, [title]);
}
