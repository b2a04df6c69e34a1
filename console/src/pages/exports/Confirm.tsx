import { Button, Group, Modal, Text } from '@mantine/core';
import { type ReactNode, useEffect, useRef } from 'react';

interface Props {
  opened: boolean;
  title: string;
  children: ReactNode;
  confirm: string;
  /** What to press to leave everything as it is. */
  refuse?: string;
  onConfirm: () => void;
  onClose: () => void;
}

/** Asks before something that costs. */
export function Confirm({ opened, title, children, confirm, refuse = 'Not now', onConfirm, onClose }: Props) {
  // While it fades away its button can still be pressed.
  const said = useRef(false);
  useEffect(() => {
    if (opened) said.current = false;
  }, [opened]);
  const go = () => {
    if (said.current) return;
    said.current = true;
    onClose();
    onConfirm();
  };
  return (
    <Modal opened={opened} onClose={onClose} title={title} centered radius="lg" closeButtonProps={{ 'aria-label': 'Close' }} styles={{ title: { fontFamily: 'var(--mantine-font-family-headings)', fontSize: '1.375rem' }, content: { background: 'var(--surface)' }, header: { background: 'var(--surface)' } }}>
      <Text component="div" size="sm">{children}</Text>
      <Group mt="lg" justify="flex-end">
        <Button variant="default" onClick={onClose}>{refuse}</Button>
        <Button data-autofocus onClick={go}>{confirm}</Button>
      </Group>
    </Modal>
  );
}
