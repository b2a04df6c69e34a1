import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import classes from './Tag.module.css';

/** A small word about something. */
export function Tag({ children }: { children: ReactNode }) {
  return <span className={classes.tag}>{children}</span>;
}

/** A tag that leads to all entities that have it. */
export function TagLink({ tag, count }: { tag: string; count?: number }) {
  return (
    <Link to="/catalog" search={{ tag: tag.toLowerCase() }} className={classes.tag}>
      {tag}
      {count !== undefined && <span className={classes.count}>{count.toLocaleString('en')}</span>}
    </Link>
  );
}
