import Button from '@material-ui/core/Button';
import IconButton from '@material-ui/core/IconButton';
import Tooltip from '@material-ui/core/Tooltip';
import PlayArrowIcon from '@material-ui/icons/PlayArrow';
import type { Stack } from '../api/SpaceliftApi';

/** Why a stack cannot be triggered; undefined when it can. */
export function refusalOf({ trigger }: Pick<Stack, 'trigger'>): string | undefined {
  if (trigger.allowed) return undefined;
  return trigger.reason ?? (trigger.pending ? 'A run that was triggered here is still pending.' : 'Spacelift does not allow it now.');
}

interface Props {
  name: string;
  refusal?: string;
  onClick: () => void;
  /** With a word, for a page's header; else the sign only, for a row. */
  large?: boolean;
}

/** Leads to the dialog. Where it does not, it can still be reached, and says why. */
export const TriggerButton = ({ name, refusal, onClick, large }: Props) => {
  const label = refusal ? `Trigger ${name}: ${refusal}` : `Trigger ${name}`;
  const button = large ? (
    <Button variant="contained" color="primary" startIcon={<PlayArrowIcon />} disabled={!!refusal} onClick={onClick}>Trigger</Button>
  ) : (
    <IconButton size="small" aria-label={label} disabled={!!refusal} onClick={onClick}><PlayArrowIcon /></IconButton>
  );
  return (
    <Tooltip title={refusal ?? 'Trigger a run'}>
      {/* A disabled button tells nothing to the pointer. */}
      <span>{button}</span>
    </Tooltip>
  );
};
