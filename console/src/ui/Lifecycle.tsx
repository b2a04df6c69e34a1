import { Badge } from '@mantine/core';
import classes from './Lifecycle.module.css';

const known = ['production', 'experimental', 'deprecated'];

/** Where an entity is in its life; values nobody told us of are shown too. */
export function Lifecycle({ value }: { value: string | undefined }) {
  if (!value) return null;
  const look = known.includes(value.toLowerCase()) ? value.toLowerCase() : 'other';
  return (
    <Badge className={classes.badge} data-look={look}>
      {value}
    </Badge>
  );
}
