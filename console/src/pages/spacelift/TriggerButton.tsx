import { ActionIcon, Button, Tooltip } from '@mantine/core';
import IconPlay from '@tabler/icons-react/dist/esm/icons/IconPlayerPlay.mjs';
import type { Stack } from '../../api/spacelift';

interface Props {
  stack: Stack;
  onTrigger: () => void;
  /** Only the sign, for a row. */
  compact?: boolean;
}

/** Why a stack cannot be triggered; undefined when it can. */
export function refusalOf({ trigger }: Stack): string | undefined {
  if (trigger.allowed) return undefined;
  return trigger.reason ?? (trigger.pending ? 'A run that was triggered here is still pending.' : 'Spacelift does not allow it now.');
}

/** Leads to the dialog. Where it does not, it can still be reached, and says why. */
export function TriggerButton({ stack, onTrigger, compact }: Props) {
  const refusal = refusalOf(stack);
  const common = {
    'aria-disabled': refusal ? true : undefined,
    'data-disabled': refusal ? true : undefined,
    onClick: refusal ? undefined : onTrigger,
  };
  const icon = <IconPlay size={compact ? 17 : 16} stroke={1.8} aria-hidden />;
  return (
    <Tooltip label={refusal ?? `Trigger a run of ${stack.name}`} multiline maw={320} openDelay={refusal ? 100 : 400}>
      {compact ? (
        <ActionIcon {...common} variant="subtle" size="lg" aria-label={refusal ? `Trigger ${stack.name}: ${refusal}` : `Trigger ${stack.name}`}>
          {icon}
        </ActionIcon>
      ) : (
        <Button {...common} leftSection={icon} aria-label={refusal ? `Trigger: ${refusal}` : undefined}>
          Trigger
        </Button>
      )}
    </Tooltip>
  );
}
