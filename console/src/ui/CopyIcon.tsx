import { ActionIcon, CopyButton, Tooltip } from '@mantine/core';
import IconCheck from '@tabler/icons-react/dist/esm/icons/IconCheck.mjs';
import IconCopy from '@tabler/icons-react/dist/esm/icons/IconCopy.mjs';

/** Copies a text. Where the browser forbids it (no HTTPS, not localhost) it is not shown. */
export function CopyIcon({ value, label }: { value: string; label: string }) {
  if (!navigator.clipboard) return null;
  return (
    <CopyButton value={value} timeout={1500}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? 'Copied' : label}>
          <ActionIcon variant="subtle" color="gray" onClick={copy} aria-label={copied ? 'Copied' : label}>
            {copied ? <IconCheck size={17} aria-hidden /> : <IconCopy size={17} stroke={1.6} aria-hidden />}
          </ActionIcon>
        </Tooltip>
      )}
    </CopyButton>
  );
}
