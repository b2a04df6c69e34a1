import { ActionIcon, Avatar, Group, type MantineColorScheme, Menu, Text, UnstyledButton, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import IconDesktop from '@tabler/icons-react/dist/esm/icons/IconDeviceDesktop.mjs';
import IconLogout from '@tabler/icons-react/dist/esm/icons/IconLogout.mjs';
import IconMoon from '@tabler/icons-react/dist/esm/icons/IconMoon.mjs';
import IconSun from '@tabler/icons-react/dist/esm/icons/IconSun.mjs';
import { parseRef } from '../api/entity';
import { session } from '../api/session';
import { Time } from '../ui/Time';
import { useSession } from './useSession';

const schemes = [
  { value: 'light', label: 'Light', icon: IconSun },
  { value: 'dark', label: 'Dark', icon: IconMoon },
  { value: 'auto', label: 'As the system', icon: IconDesktop },
] as const;

export function UserMenu() {
  return (
    <Group gap={6} wrap="nowrap" ml="auto">
      <ThemeMenu />
      <AccountMenu />
    </Group>
  );
}

export function ThemeMenu() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const dark = useComputedColorScheme('light') === 'dark';
  return (
    <Menu position="bottom-end" width={190}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" radius="xl" aria-label="Colour scheme">
          {dark ? <IconMoon size={20} stroke={1.6} aria-hidden /> : <IconSun size={20} stroke={1.6} aria-hidden />}
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.RadioGroup value={colorScheme} onChange={(value) => setColorScheme(value as MantineColorScheme)}>
          {schemes.map((s) => (
            <Menu.RadioItem key={s.value} value={s.value} closeMenuOnClick>
              <Group gap="xs" wrap="nowrap">
                <s.icon size={17} stroke={1.6} aria-hidden />
                {s.label}
              </Group>
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
      </Menu.Dropdown>
    </Menu>
  );
}

function AccountMenu() {
  const current = useSession();
  if (current.state !== 'in') return null;
  const ref = current.userRef ? parseRef(current.userRef) : undefined;
  const name = ref?.name ?? 'Service token';
  return (
    <Menu position="bottom-end" width={240}>
      <Menu.Target>
        <UnstyledButton aria-label={`Account: ${name}`} style={{ borderRadius: '50%' }}>
          <Avatar size={34} radius="xl" color="velvet" variant="filled" name={name} aria-hidden>
            {name.slice(0, 1).toUpperCase()}
          </Avatar>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <div style={{ padding: '0.5rem 0.75rem' }}>
          <Text fw={600} size="sm">
            {name}
          </Text>
          <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
            {current.userRef || 'Signed in with a token, until this page is reloaded'}
          </Text>
          {current.by && <Text size="xs" c="dimmed" mt={4} style={{ overflowWrap: 'anywhere' }}>Signed in by {current.by}</Text>}
          {current.ends !== undefined && (
            <Text size="xs" c="dimmed" mt={4} component="div">
              By a pasted token, which ends <Time value={new Date(current.ends).toISOString()} />
            </Text>
          )}
        </div>
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={17} stroke={1.6} aria-hidden />} onClick={() => session.signOut()}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
