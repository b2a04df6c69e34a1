import type { ReactNode } from 'react';
import IconAlert from '@tabler/icons-react/dist/esm/icons/IconAlertTriangle.mjs';
import IconInfo from '@tabler/icons-react/dist/esm/icons/IconInfoCircle.mjs';
import classes from './Notice.module.css';

interface Props {
  tone: 'bad' | 'warn' | 'info';
  title: string;
  /** Read out at once where it takes the place of what was asked for. */
  alert?: boolean;
  children?: ReactNode;
}

/** Something a person should know before the rest. */
export function Notice({ tone, title, alert, children }: Props) {
  const Icon = tone === 'info' ? IconInfo : IconAlert;
  return (
    <div className={classes.notice} data-tone={tone} role={alert ? 'alert' : undefined}>
      <Icon size={21} stroke={1.7} className={classes.icon} aria-hidden />
      <div className={classes.body}>
        <p className={classes.title}>{title}</p>
        {children}
      </div>
    </div>
  );
}
