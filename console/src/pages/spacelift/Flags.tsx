import { Tooltip } from '@mantine/core';
import IconLock from '@tabler/icons-react/dist/esm/icons/IconLock.mjs';
import type { Stack } from '../../api/spacelift';
import classes from './Flags.module.css';

/** What keeps a stack from running. */
export function Flags({ stack }: { stack: Stack }) {
  return (
    <>
      {stack.lockedBy && (
        <Tooltip label={`Locked by ${stack.lockedBy}${stack.lockNote ? `: ${stack.lockNote}` : ''}`} multiline maw={320}>
          <span className={classes.flag}>
            <IconLock size={12} stroke={2} aria-hidden />
            locked
          </span>
        </Tooltip>
      )}
      {stack.disabled && <span className={classes.flag}>disabled</span>}
      {stack.deleting && <span className={classes.flag} data-bad>deleting</span>}
    </>
  );
}
